// check_bench: how long the court takes from a history file to a verdict.
//
// usage: check_bench [OPS [CLIENTS [FOLDER]]]   (100000 operations, 10 clients; FOLDER keeps the histories)
// A generator plays CLIENTS clients against a perfect register in virtual time: each operation takes effect at one instant
// between its invocation and its answer, so the history is linearizable by construction. Each figure is the median of
// five runs of read_history and check_linearizable, warm page cache, one thread.
// The histories: registers with unique writes on one key and on many, cas on many keys, and writes of few repeated values
// (which zones can't decide, so the search does).
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <queue>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "check/history.hpp"
#include "sunder/rng.hpp"
#include "sunder/time.hpp"

namespace {

using sunder::Nanos;
using sunder::Rng;

struct Shape {
  const char* name;
  int keys;
  double cas;      // share of operations
  double pending;  // share of writes and cas that are never answered
  int values;      // 0: every write is unique
};

struct Request {
  std::int64_t process = 0;
  Nanos begin = 0;
  Nanos effect = 0;
  Nanos end = 0;
  int kind = 0;  // 0 read, 1 write, 2 cas
  int key = 0;
  long long value = 0;
  friend bool operator>(const Request& a, const Request& b) { return a.effect > b.effect; }
};

struct Line {
  Nanos time;
  std::string text;
};

class Generator {
 public:
  Generator(const Shape& shape, int ops, int clients)
      : shape_(shape), rng_(1), held_(static_cast<std::size_t>(shape.keys), -1), next_process_(0) {
    for (int c = 0; c < clients; ++c) ask(next_process_++, static_cast<Nanos>(rng_.below(1000)));
    for (int i = 0; i < ops; ++i) {
      const Request request = open_.top();
      open_.pop();
      happen(request);
    }
  }

  void write(const std::string& path) {
    std::sort(lines_.begin(), lines_.end(),
              [](const Line& a, const Line& b) { return a.time < b.time; });
    std::ofstream out(path, std::ios::binary);
    out << R"({"sunder":1,"t0":0,"wall":"","clock":"shared","initial":null,"seed":1,)"
        << R"("suite":"bench","nodes":["n1","n2","n3"]})" << '\n';
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      out << "{\"index\":" << i << ",\"time\":" << lines_[i].time << lines_[i].text << '\n';
    }
  }

 private:
  // Asks the next operation of a process. Latency: 100 us to some ms, as on a local network.
  void ask(std::int64_t process, Nanos begin) {
    Request request;
    request.process = process;
    request.begin = begin;
    request.effect = begin + 50'000 + static_cast<Nanos>(rng_.below(500'000));
    request.end = request.effect + 50'000 + static_cast<Nanos>(rng_.below(500'000));
    request.key = static_cast<int>(rng_.below(static_cast<std::uint64_t>(shape_.keys)));
    request.kind = rng_.chance(shape_.cas) ? 2 : rng_.chance(0.5) ? 1 : 0;
    request.value =
        shape_.values == 0
            ? next_value_++
            : static_cast<long long>(rng_.below(static_cast<std::uint64_t>(shape_.values)));
    open_.push(request);
  }

  void happen(const Request& request) {
    long long& held = held_[static_cast<std::size_t>(request.key)];
    const bool pending = request.kind != 0 && rng_.chance(shape_.pending);
    const char* f = request.kind == 0 ? "read" : request.kind == 1 ? "write" : "cas";
    std::string asked = "null";
    std::string type = pending ? "info" : "ok";
    std::string more;
    if (request.kind == 1) asked = std::to_string(request.value);
    const std::string seen = held < 0 ? "null" : std::to_string(held);
    if (request.kind == 2) {
      const bool match = rng_.chance(0.7);
      asked = "[" + (match ? seen : "-7") + "," + std::to_string(request.value) + "]";
      if (!match && !pending) {
        type = "fail";
        more = R"(,"error":{"class":"mismatch","text":"compare failed","observed":)" + seen + "}";
      }
      if (match) held = request.value;
    }
    if (request.kind == 1) held = request.value;
    if (pending) more = R"(,"error":{"class":"timeout","text":"no answer"})";
    const std::string head = ",\"process\":" + std::to_string(request.process) + ",\"type\":\"";
    const std::string tail = std::string("\",\"f\":\"") + f + "\",\"key\":\"k" +
                             std::to_string(request.key) + "\",\"value\":";
    const std::string node = ",\"node\":\"n" + std::to_string(request.process % 3 + 1) + "\"";
    lines_.push_back({request.begin, head + "invoke" + tail + asked + node + "}"});
    lines_.push_back(
        {request.end, head + type + tail + (request.kind == 0 ? seen : asked) + node + more + "}"});
    ask(pending ? next_process_++ : request.process,
        request.end + 1 + static_cast<Nanos>(rng_.below(100'000)));
  }

  Shape shape_;
  Rng rng_;
  std::vector<long long> held_;  // by key; -1: absent
  std::int64_t next_process_;
  long long next_value_ = 1;
  std::priority_queue<Request, std::vector<Request>, std::greater<>> open_;  // by effect
  std::vector<Line> lines_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double milliseconds(Nanos nanos) {
  return static_cast<double>(nanos) / 1e6;
}

// RETURNS false if the verdict is not the one that the generator warrants.
bool measure(const Shape& shape, const std::string& path, int ops) {
  std::vector<double> reading;
  std::vector<double> checking;
  std::vector<double> both;
  sunder::check::CheckResult result;
  for (int run = 0; run < 5; ++run) {
    const auto& clock = sunder::monotonic_clock();
    const Nanos start = clock.now();
    const auto history = sunder::check::read_history(path);
    if (!history) {
      std::fprintf(stderr, "%s\n", history.error().text().c_str());
      return false;
    }
    const Nanos read = clock.now();
    result = sunder::check::check_linearizable(*history, sunder::check::Budget{});
    const Nanos done = clock.now();
    reading.push_back(milliseconds(read - start));
    checking.push_back(milliseconds(done - read));
    both.push_back(milliseconds(done - start));
  }
  std::printf("%-28s %9d %10.1f %10.1f %10.1f  %s, %s\n", shape.name, ops, median(reading),
              median(checking), median(both), sunder::check::name_of(result.verdict),
              result.method.c_str());
  std::fflush(stdout);
  return result.verdict == sunder::check::Verdict::pass;
}

}  // namespace

int main(int argc, char** argv) {
  const int ops = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const int clients = argc > 2 ? std::atoi(argv[2]) : 10;
  if (ops < 1 || ops > 20'000'000 || clients < 1 || clients > 1000) {
    std::fprintf(stderr, "usage: check_bench [OPS [CLIENTS [FOLDER]]]\n");
    return 2;
  }
  namespace fs = std::filesystem;
  const bool keep = argc > 3;
  const fs::path folder =
      keep ? fs::path(argv[3])
           : fs::temp_directory_path() / ("sunder-check-bench-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  const std::array<Shape, 4> shapes{{
      {"register, 1 key", 1, 0, 0.001, 0},
      {"register, 50 keys", 50, 0, 0.001, 0},
      {"cas, 50 keys", 50, 0.5, 0.001, 0},
      {"3 repeated values, 10 keys", 10, 0, 0, 3},
  }};
  std::printf("%d clients; times in ms, median of 5\n%-28s %9s %10s %10s %10s\n", clients,
              "history", "ops", "read", "check", "total");
  bool good = true;
  for (std::size_t s = 0; s < shapes.size(); ++s) {
    const std::string path = (folder / ("history-" + std::to_string(s) + ".jsonl")).string();
    Generator(shapes[s], ops, clients).write(path);
    good = measure(shapes[s], path, ops) && good;
  }
  if (!keep) fs::remove_all(folder);
  return good ? 0 : 1;
}

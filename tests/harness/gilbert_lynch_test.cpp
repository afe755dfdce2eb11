// The proof replayed on small histories: each way out of it, and what is not one.
#include "harness/gilbert_lynch.hpp"

#include "harness/generator.hpp"
#include "tests/support/catch.hpp"

using namespace sunder;
using namespace sunder::harness;

namespace {

// Two nodes, cut from 10 s to 20 s, and one key with the values 1 (before), 2, 3, …
struct ServiceStory {
  check::History history;
  std::vector<check::FaultWindow> windows;
  std::vector<check::ValueId> values;

  ServiceStory() {
    history.nodes = {"n1", "n2"};
    history.keys = {"k1"};
    for (const std::int64_t value : {1, 2, 3}) values.push_back(history.values.intern(value));
    check::FaultWindow window;
    window.name = "p1";
    window.from = 10 * kSecond;
    window.to = 20 * kSecond;
    window.sides = {{"n1"}, {"n2"}};
    windows.push_back(window);
    write(1, 0, EventType::ok);
  }
  check::Op& add(Nanos second, check::OpKind kind, std::uint16_t node, EventType outcome) {
    check::Op op;
    op.invoked = second * kSecond;
    op.completed = op.invoked + kMillisecond;
    op.kind = kind;
    op.key = 0;
    op.node = node;
    op.outcome = outcome;
    return history.ops.emplace_back(op);
  }
  void write(Nanos second, std::size_t value, EventType outcome) {
    add(second, check::OpKind::write, 0, outcome).value = values[value];
  }
  void read(Nanos second, std::optional<std::size_t> value) {
    add(second, check::OpKind::read, 1, value ? EventType::ok : EventType::fail).value =
        value ? values[*value] : check::kUnknown;
  }
  ProofStep step() {
    const auto replays = gilbert_lynch(history, windows, kSecond);
    REQUIRE(replays.size() == 1);
    CHECK(replays[0].fault == "p1");
    CHECK(replays[0].text.find("p1") != std::string::npos);
    return replays[0].gave_up;
  }
};

}  // namespace

TEST_CASE("gilbert-lynch: the three ways out") {
  ServiceStory silent;
  silent.write(12, 1, EventType::info);
  silent.read(13, 0);
  CHECK(silent.step() == ProofStep::no_acknowledgement);

  ServiceStory refusing;
  refusing.write(12, 1, EventType::ok);
  refusing.read(13, std::nullopt);
  CHECK(refusing.step() == ProofStep::no_answer);

  ServiceStory stale;
  stale.write(12, 1, EventType::ok);
  stale.read(13, 0);
  CHECK(stale.step() == ProofStep::stale_answer);
}

TEST_CASE("gilbert-lynch: a fresh answer is no way out, but a leak") {
  ServiceStory story;
  story.write(12, 1, EventType::ok);
  story.read(13, 1);
  CHECK(story.step() == ProofStep::nothing);
}

TEST_CASE("gilbert-lynch: what was asked too early, too late or not at all says nothing") {
  ServiceStory story;
  story.write(10, 1, EventType::ok);  // while settling
  story.read(13, 0);
  CHECK(story.step() == ProofStep::not_asked);
  story.write(14, 2, EventType::ok);
  CHECK(story.step() == ProofStep::not_asked);  // no read after it
  story.read(25, 0);                            // after the heal
  CHECK(story.step() == ProofStep::not_asked);
  story.read(15, std::nullopt);
  CHECK(story.step() == ProofStep::no_answer);
}

TEST_CASE("gilbert-lynch: a cut that divides nothing, or never healed, is left out") {
  ServiceStory story;
  story.windows[0].sides = {{"n1", "n2"}};
  CHECK(gilbert_lynch(story.history, story.windows, kSecond).empty());
  story.windows[0].sides = {{"n1"}, {"n2"}};
  story.windows[0].to = check::kNever;
  CHECK(gilbert_lynch(story.history, story.windows, kSecond).empty());
}

TEST_CASE("gilbert-lynch: even clients write growing values, odd ones read") {
  const auto workload = find_workload("gilbert-lynch");
  REQUIRE(workload);
  Rng rng(1);
  ClientState writer;
  writer.clients = 2;
  std::int64_t last = 0;
  for (int i = 0; i < 5; ++i) {
    auto [request, state] = (*workload)->next(writer, rng);
    CHECK(request.kind == check::OpKind::write);
    CHECK(request.value > last);
    last = request.value;
    writer = state;
  }
  ClientState reader = writer;
  reader.client = 1;
  CHECK((*workload)->next(reader, rng).first.kind == check::OpKind::read);
}

// Metrics; see metrics.hpp. The text format is small, so it is written here, without a library.
#include "control/metrics.hpp"

#include <cstdio>
#include <filesystem>
#include <utility>

namespace sunder::control {
namespace {

using Labels = std::vector<std::pair<const char*, std::string>>;

/// Writes families: HELP and TYPE once, then the samples.
class Exposition {
 public:
  void family(const char* name, const char* type, const char* help) {
    name_ = name;
    out_ += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  }
  void sample(const Labels& labels, std::uint64_t value) {
    line("", labels, std::to_string(value));
  }
  void seconds(const Labels& labels, Nanos value) { line("", labels, in_seconds(value)); }
  /// One series of a histogram; `labels` without `le`.
  void histogram(const Labels& labels, const proxy::LoopLag& lag) {
    Labels with_bound = labels;
    with_bound.emplace_back("le", "");
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < lag.buckets.size(); ++i) {
      so_far += lag.buckets[i];
      const bool last = i == lag.kBounds.size();
      with_bound.back().second = last ? "+Inf" : bound_text(lag.kBounds[i]);
      line("_bucket", with_bound, std::to_string(so_far));
    }
    line("_sum", labels, in_seconds(lag.sum));
    line("_count", labels, std::to_string(so_far));
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  static std::string in_seconds(Nanos value) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.9f", static_cast<double>(value) / 1e9);
    return text.data();
  }
  static std::string bound_text(Nanos value) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%g", static_cast<double>(value) / 1e9);
    return text.data();
  }
  void line(const char* suffix, const Labels& labels, const std::string& value) {
    out_ += name_;
    out_ += suffix;
    const char* between = "{";
    for (const auto& [key, text] : labels) {
      out_ += between;
      out_ += key;
      out_ += "=\"";
      for (const char c : text) {
        if (c == '\n') {
          out_ += "\\n";
          continue;
        }
        if (c == '"' || c == '\\') out_ += '\\';
        out_ += c;
      }
      out_ += '"';
      between = ",";
    }
    if (!labels.empty()) out_ += '}';
    out_ += ' ' + value + '\n';
  }
  std::string out_;
  std::string name_;
};

Labels of_pair(const PairReport& pair) {
  return {{"from", pair.pair.from}, {"to", pair.pair.to}};
}

struct PairFamily {
  const char* name;
  const char* type;
  const char* help;
  std::uint64_t (*value)(const proxy::PairStats&);
};

constexpr std::array kPairFamilies{
    PairFamily{"sunder_connections_open", "gauge", "Connections open now with bytes of this pair.",
               [](const proxy::PairStats& s) { return s.connections_open; }},
    PairFamily{"sunder_connections_total", "counter", "Connections that `from` opened to `to`.",
               [](const proxy::PairStats& s) { return s.connections_total; }},
    PairFamily{"sunder_connections_refused_total", "counter",
               "Attempts by `from` that `to` refused or that never connected.",
               [](const proxy::PairStats& s) { return s.refused; }},
    PairFamily{"sunder_connections_reset_total", "counter", "Connections that ended by RST.",
               [](const proxy::PairStats& s) { return s.resets; }},
    PairFamily{"sunder_bytes_in_total", "counter", "Bytes read from `from`.",
               [](const proxy::PairStats& s) { return s.bytes_in; }},
    PairFamily{"sunder_bytes_out_total", "counter", "Bytes written to `to`.",
               [](const proxy::PairStats& s) { return s.bytes_out; }},
    PairFamily{"sunder_bytes_held", "gauge", "Bytes that wait in the proxy now.",
               [](const proxy::PairStats& s) { return s.bytes_held; }},
    PairFamily{"sunder_bytes_omitted_total", "counter", "Bytes that faults left out, as asked.",
               [](const proxy::PairStats& s) { return s.bytes_omitted; }},
    PairFamily{"sunder_bytes_changed_total", "counter", "Bytes that faults changed, as asked.",
               [](const proxy::PairStats& s) { return s.bytes_changed; }},
    PairFamily{"sunder_pair_intact", "gauge",
               "1 while what went out was a prefix of what came in on every connection.",
               [](const proxy::PairStats& s) { return std::uint64_t{s.intact ? 1U : 0U}; }},
};

void write_pairs(Exposition& out, const StatusReport& status) {
  for (const PairFamily& family : kPairFamilies) {
    out.family(family.name, family.type, family.help);
    for (const PairReport& pair : status.pairs) out.sample(of_pair(pair), family.value(pair.stats));
  }
}

struct RuleFamily {
  const char* name;
  const char* help;
  std::uint64_t (*value)(const Touched&);
};

// Gauges: a rule's figures go away with the rule, and a name may come back.
constexpr std::array kRuleFamilies{
    RuleFamily{"sunder_rule_touched_connections", "Connections that a rule in force has met.",
               [](const Touched& t) { return t.connections; }},
    RuleFamily{"sunder_rule_touched_bytes", "Bytes that a rule in force has met.",
               [](const Touched& t) { return t.bytes; }},
    RuleFamily{"sunder_rule_touched_packets", "Packets that a rule in force has dropped.",
               [](const Touched& t) { return t.packets; }},
    RuleFamily{"sunder_rule_touched_attempts",
               "Connection attempts that a rule in force left unanswered or refused.",
               [](const Touched& t) { return t.attempts; }},
    RuleFamily{"sunder_rule_touched_messages", "Messages that a rule in force has left out.",
               [](const Touched& t) { return t.messages; }},
};

Labels of_rule(const RuleInForce& rule) {
  return {{"rule", rule.report.name}, {"kind", rule.report.kind}};
}

void write_rules(Exposition& out, const std::vector<RuleInForce>& rules) {
  std::uint64_t cuts = 0;
  for (const RuleInForce& rule : rules) cuts += rule.is_cut ? 1 : 0;
  out.family("sunder_rules_in_force", "gauge", "Cuts and faults in force.");
  out.sample({{"type", "cut"}}, cuts);
  out.sample({{"type", "fault"}}, rules.size() - cuts);
  for (const RuleFamily& family : kRuleFamilies) {
    out.family(family.name, "gauge", family.help);
    for (const RuleInForce& rule : rules) {
      out.sample(of_rule(rule), family.value(rule.report.touched));
    }
  }
  out.family("sunder_rule_held_seconds", "gauge",
             "Time that bytes waited for a rule in force, summed over connections.");
  for (const RuleInForce& rule : rules) out.seconds(of_rule(rule), rule.report.touched.held_ns);
}

/// Toxiproxy's two counters, under its own names and labels.
void write_proxies(Exposition& out, const MetricsInput& input) {
  const auto write = [&](const char* name, const char* help, bool received) {
    out.family(name, "counter", help);
    for (const ProxyLine& proxy : input.proxies) {
      for (const PairReport& pair : input.status.pairs) {
        const std::string client = ProxyTable::kClientNode;
        const bool up = pair.pair.from == client && pair.pair.to == proxy.node;
        if (!up && (pair.pair.from != proxy.node || pair.pair.to != client)) continue;
        out.sample({{"direction", up ? "upstream" : "downstream"},
                    {"listener", proxy.spec.listen},
                    {"proxy", proxy.spec.name},
                    {"upstream", proxy.spec.upstream}},
                   received ? pair.stats.bytes_in : pair.stats.bytes_out);
      }
    }
  };
  write("toxiproxy_proxy_received_bytes_total",
        "Total number of bytes received on a given proxy link in a given direction", true);
  write("toxiproxy_proxy_sent_bytes_total",
        "Total number of bytes sent on a given proxy link in a given direction", false);
}

std::uint64_t open_descriptors() {
  std::error_code failed;
  std::uint64_t count = 0;
  std::filesystem::directory_iterator it("/proc/self/fd", failed);
  for (; !failed && it != std::filesystem::directory_iterator(); it.increment(failed)) ++count;
  return count;
}

}  // namespace

MetricsInput gather_metrics(Switchboard& board, const ProxyTable* proxies) {
  MetricsInput out;
  const Nanos before = monotonic_clock().now();
  out.status = board.status();
  out.loop_turn = monotonic_clock().now() - before;
  if (auto rules = board.rules()) out.rules = std::move(*rules);
  if (proxies != nullptr) out.proxies = proxies->list();
  out.descriptors = open_descriptors();
  return out;
}

std::string metrics_text(const MetricsInput& input) {
  Exposition out;
  out.family("sunder_info", "gauge", "The version and network mode of this session.");
  out.sample({{"version", input.status.version}, {"mode", input.status.mode}}, 1);
  out.family("sunder_up_seconds", "gauge", "Time since the start.");
  out.seconds({}, input.status.up);
  out.family("sunder_epoch", "counter", "Orders put in force so far.");
  out.sample({}, input.status.epoch);
  write_pairs(out, input.status);
  write_rules(out, input.rules);
  if (input.status.has_filter) {
    out.family("sunder_packets_forwarded_total", "counter",
               "UDP and ICMP packets that passed between nodes.");
    out.sample({}, input.status.packets.forwarded);
    out.family("sunder_packets_stopped_total", "counter",
               "Packets that tried to pass around the proxy.");
    out.sample({}, input.status.packets.stopped);
  }
  out.family("sunder_loop_lag_seconds", "histogram",
             "How late a loop ran what was due: from an order to its run, and timers.");
  for (std::size_t i = 0; i < input.status.lag_by_loop.size(); ++i) {
    out.histogram({{"loop", std::to_string(i)}}, input.status.lag_by_loop[i]);
  }
  out.family("sunder_loop_turn_seconds", "gauge",
             "How long the last question to every loop took to be answered by all.");
  out.seconds({}, input.loop_turn);
  out.family("sunder_loop_turn_seconds_max", "gauge", "The longest of these so far.");
  out.seconds({}, input.loop_turn_max);
  out.family("sunder_api_answers_total", "counter", "Answers of the API by class of status.");
  for (std::size_t digit = 1; digit < input.answers.size(); ++digit) {
    out.sample({{"status", std::to_string(digit) + "xx"}}, input.answers[digit]);
  }
  out.family("process_open_fds", "gauge", "Open file descriptors of this process.");
  out.sample({}, input.descriptors);
  if (!input.proxies.empty()) write_proxies(out, input);
  return out.take();
}

}  // namespace sunder::control

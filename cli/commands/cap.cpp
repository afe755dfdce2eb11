// sunder cap ROW: measures a system's row of the CAP and PACELC table on a real cluster.
//
// row → plan → session → harness/cap → words or JSON; exit 0 where every letter is decided, 3 where some are not.
// Tested by tests/cluster/cap_test.py.
#include "harness/cap/cap.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <random>

#include "cli/annotations.hpp"
#include "cli/command.hpp"
#include "cli/folders.hpp"
#include "cli/interrupt.hpp"
#include "cli/preflight.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "harness/cap/present.hpp"

namespace sunder::cli {
namespace {

namespace cap = harness::cap;

struct CapArgs {
  std::string row;
  std::string out;
  std::uint64_t seed = 0;
  bool seeded = false;
  bool quick = false;
  bool quiet = false;
  bool json = false;
  std::string annotations = "auto";
};

// Letters that are not decided, and the whole table.
void annotate(const Annotations& annotations, const cap::Findings& findings) {
  if (!findings.decided()) {
    harness::Annotation open;
    open.level = harness::Annotation::Level::warning;
    open.title = "sunder cap " + findings.row + ": undecided";
    open.message = "partition: " + findings.partition.why + "\nelse: " + findings.other.why;
    annotations.print({open});
  }
  annotations.summarize("### " + harness::markdown_text("sunder cap " + findings.row) + "\n\n" +
                        harness::markdown_code(cap::findings_text(findings)));
}

std::optional<int> parse(const std::vector<std::string>& words, CapArgs& args) {
  CLI::App app{"Measures a system's row of the CAP and PACELC table, on a real cluster.",
               "sunder cap"};
  std::string rows;
  for (const cap::Row* row : cap::all_rows()) {
    rows += "  " + std::string(row->name) + std::string(26 - std::string(row->name).size(), ' ') +
            row->summary + "\n";
  }
  app.add_option("system", args.row, "which row (below)")->required()->type_name("SYSTEM");
  app.add_flag("--quick", args.quick, "within 90 s instead of five minutes: fewer, shorter phases");
  app.add_flag("--json", args.json, "prints cap.json instead of words");
  app.add_flag("--quiet", args.quiet, "no progress");
  app.add_option("--out", args.out, "run folder (default: runs/<time>-cap-<row>)")
      ->type_name("DIR");
  auto* seed = app.add_option("--seed", args.seed, "repeats the decisions of an earlier experiment")
                   ->type_name("N");
  add_annotations_option(app, args.annotations);
  app.footer("\nrows:\n" + rows +
             "\nexit codes: 0 every letter is decided, 3 some are not, 2 usage, 4 environment, 130 "
             "Ctrl-C\nexample:    sunder cap etcd --quick");
  const auto stop = parse_command(app, words);
  args.seeded = seed->count() > 0;
  return stop;
}

// REQUIRES everything checked. Owns the session for its time.
Result<cap::Findings> run_in_session(const cap::Row& row, const cap::Plan& plan,
                                     const CapArgs& args, const std::string& run_dir,
                                     Progress& progress) {
  auto scratch = make_scratch();
  if (!scratch) return scratch.error();
  const harness::Suite suite = cap::suite_of(row, plan);
  SessionOptions session_options;
  session_options.suite = &suite;
  session_options.run_dir = run_dir;
  session_options.scratch_dir = *scratch;
  session_options.harness_clients = plan.clients;
  session_options.t0 = monotonic_clock().now();
  session_options.seed = args.seed;
  session_options.progress = [&progress](const std::string& line) { progress.update(line, true); };
  auto session = Session::start(session_options);
  if (!session) return session.error();

  cap::CapOptions options;
  options.quick = args.quick;
  options.sunder_version = version();
  options.experiment.row = &row;
  options.experiment.plan = &plan;
  options.experiment.cluster = &(*session)->cluster();
  options.experiment.api_url = (*session)->api_url();
  options.experiment.run_dir = run_dir;
  options.experiment.t0 = session_options.t0;
  options.experiment.seed = args.seed;
  options.experiment.topology = (*session)->topology();
  options.experiment.wall = wall_clock();
  options.experiment.interrupted = &interrupted();
  options.experiment.progress = [&progress](const std::string& line, bool step) {
    progress.update(line, step);
  };
  auto findings = cap::run_cap(options);
  (*session)->stop();
  return findings;
}

int cap_main(const std::vector<std::string>& words) {
  CapArgs args;
  if (const auto stop = parse(words, args)) return *stop;
  const Annotations annotations(args.annotations, args.json);
  const auto refuse = [&annotations](const Error& error) {
    return annotations.refuse(error, "sunder cap");
  };
  const auto row = cap::find_row(args.row);
  if (!row) return refuse(row.error());
  if (!args.seeded) args.seed = std::random_device{}();
  const auto plan = cap::make_plan(**row, args.quick, args.seed);
  if (!plan) return refuse(plan.error());
  const harness::Suite suite = cap::suite_of(**row, *plan);
  if (auto ready = preflight(suite); !ready) return refuse(ready.error());
  const std::string dir = args.out.empty() ? default_run_dir(suite.name) : args.out;
  if (auto made = make_run_dir(dir); !made) return refuse(made.error());
  const std::string run_dir = std::filesystem::absolute(dir).string();
  if (args.out.empty()) point_latest(run_dir);

  install_interrupt();
  Progress progress(args.quiet || args.json);
  auto findings = run_in_session(**row, *plan, args, run_dir, progress);
  progress.finish();
  if (!findings) {
    std::fprintf(stderr, "sunder: what is known is in %s\n", run_dir.c_str());
    return interrupted() ? 128 + interrupt_signal() : refuse(findings.error());
  }
  const std::string text =
      args.json ? cap::findings_json(*findings) + "\n" : cap::findings_text(*findings);
  std::fputs(text.c_str(), stdout);
  if (annotations.on()) annotate(annotations, *findings);
  if (interrupted()) {
    std::fprintf(stderr, "sunder: interrupted; letters that need the rest are undecided\n");
    return 128 + interrupt_signal();
  }
  return findings->decided() ? 0 : 3;
}

}  // namespace

extern const Command cap_command;
const Command cap_command{"cap", "measure a system's row of the CAP and PACELC table", cap_main};

}  // namespace sunder::cli

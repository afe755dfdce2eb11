// sunder calibrate: how well does sunder judge? Reference nodes, correct ones and ones with planted bugs, in virtual time.
//
// words → CampaignOptions → calibrate::run_campaign → table on stdout, Markdown page with --page.
// Exit codes: 0 no alarm and every bug caught by at least 99 % of its seeds; 1 otherwise; 2 usage; 130 interrupted.
// Thread: main; the campaign makes threads of its own. Tested by tests/calibrate/calibrate_test.cpp.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <thread>

#include "calibrate/campaign.hpp"
#include "calibrate/table.hpp"
#include "cli/command.hpp"
#include "cli/interrupt.hpp"

namespace sunder::cli {
namespace {

int calibrate_main(const std::vector<std::string>& args) {
  CLI::App app(
      "Runs reference nodes in virtual time with random faults and judges what their clients saw: "
      "correct nodes must never raise an alarm, planted bugs must be caught.",
      "sunder calibrate");
  calibrate::CampaignOptions options;
  options.threads = std::max(1U, std::thread::hardware_concurrency());
  std::string page;
  app.add_option("--runs", options.runs, "runs of correct modes, over all modes")
      ->capture_default_str();
  app.add_option("--seeds", options.seeds, "runs of every bug")->capture_default_str();
  app.add_option("--first-seed", options.first_seed, "the seeds are this one and those after it")
      ->capture_default_str();
  app.add_option("--mode", options.mode, "only this mode of \"sunder node\"");
  app.add_option("--threads", options.threads, "runs at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  app.add_option("--page", page, "also write the tables into this file, as Markdown");
  if (const auto code = parse_command(app, args)) return *code;

  install_interrupt();
  options.interrupted = &interrupted();
  const auto campaign = calibrate::run_campaign(options);
  if (!campaign) {
    std::fprintf(stderr, "sunder calibrate: %s\n", campaign.error().text().c_str());
    return 2;
  }
  std::fputs(calibrate::table_text(*campaign).c_str(), stdout);
  if (interrupted()) {
    std::fputs("\ninterrupted: the tables show what was done until then\n", stderr);
    return 130;
  }
  if (!page.empty()) {
    std::string command = "sunder calibrate";
    for (std::size_t i = 0; i < args.size(); ++i) {
      if (args[i] == "--page") {
        ++i;  // says where, not what
      } else {
        command += " " + args[i];
      }
    }
    std::ofstream file(page);
    file << calibrate::table_page(*campaign, command);
    if (!file.flush()) {
      std::fprintf(stderr, "sunder calibrate: can't write %s\n", page.c_str());
      return 4;
    }
  }
  return calibrate::holds(*campaign) ? 0 : 1;
}

}  // namespace

extern const Command calibrate_command;
const Command calibrate_command{"calibrate", "measure how well sunder judges, on known nodes",
                                calibrate_main};

}  // namespace sunder::cli

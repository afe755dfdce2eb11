// `sunder report DIR`: writes the HTML report of a run folder again and prints its path.
//
// Exit codes: 0 written; 2 the folder is not a run's, or its files are damaged; 4 the report can't be written.
// Thread: main. Tested by tests/harness/report_test.cpp (write_report), tests/harness/cap_measure_test.cpp (of a
// row) and tests/cluster/cap_test.py.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "cli/command.hpp"
#include "harness/cap/present.hpp"
#include "harness/results.hpp"

namespace sunder::cli {
namespace {

int report_main(const std::vector<std::string>& args) {
  CLI::App app("Writes report.html of a run folder again, from the results and the history in it.",
               "sunder report");
  std::string folder;
  app.add_option("DIR", folder, "a run folder, such as runs/latest")->required();
  if (const auto code = parse_command(app, args)) return *code;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  const bool row = std::filesystem::exists(folder + "/cap.json");  // made by `sunder cap`
  const auto written =
      row ? harness::cap::write_findings_page(folder) : harness::write_report(folder);
  if (!written.ok()) {
    std::fprintf(stderr, "sunder report: %s\n", written.error().text().c_str());
    return exit_code(written.error().code);
  }
  std::printf("%s/report.html\n", folder.c_str());
  return 0;
}

}  // namespace

extern const Command report_command;
const Command report_command{"report", "write the HTML report of a run folder again", report_main};

}  // namespace sunder::cli

// What the subcommands of `sunder ctl` share; see ctl_words.hpp.
#include "cli/ctl_words.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/units.hpp"
#include "cli/ctl_view.hpp"
#include "control/reports.hpp"
#include "control/runtime_file.hpp"
#include "control/security.hpp"

namespace sunder::cli {

int fail(const Error& error) {
  std::fprintf(stderr, "sunder ctl: %s\n", error.text().c_str());
  switch (error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::io:
    case ErrorCode::internal: return 4;
    default: return 2;
  }
}

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : 4;
}

int print_applied(const Words& words, const Result<control::Applied>& applied,
                  const std::string& kind) {
  if (!applied) return fail(applied.error());
  return print(words.json ? control::applied_json(*applied) + "\n" : applied_view(*applied, kind));
}

int print_get(const Words& words, control::Client& client, const std::string& path,
              Result<std::string> (*view)(const std::string&)) {
  const auto answer = client.get(path);
  if (!answer) return fail(answer.error());
  if (words.json) return print(*answer);
  const auto text = view(*answer);
  return text ? print(*text) : fail(text.error());
}

Result<Nanos> optional_duration(const std::string& text, const char* option) {
  if (text.empty()) return Nanos{0};
  auto parsed = parse_duration(text);
  if (parsed && *parsed > 0) return *parsed;
  return Error{ErrorCode::invalid,
               parsed ? "a time of zero means nothing; leave it out" : parsed.error().message,
               option};
}

Result<control::Client> connect(const Words& words) {
  auto url = control::find_api(words.api);
  if (!url) return url.error();
  if (url->find("://") == std::string::npos) *url = "http://" + *url;
  auto token = control::read_token(words.token_file);
  if (!token) return token.error();
  control::Client client(std::move(*url));
  if (!token->empty()) client.set_token(*token);
  return client;
}

CLI::App* add(CLI::App& app, const char* name, const std::string& doc, Action& chosen,
              Action action) {
  CLI::App* sub = app.add_subcommand(name, doc);
  sub->callback([&chosen, action] { chosen = action; });
  return sub;
}

}  // namespace sunder::cli

// The table of client adapters, from clients/list.def. See client.hpp.
#include "harness/client.hpp"

#include "base/config.hpp"

namespace sunder::harness {

#define CLIENT(system) std::unique_ptr<DbClient> make_##system##_client();
#include "harness/clients/list.def"
#undef CLIENT

namespace {

struct Entry {
  const char* system;
  std::unique_ptr<DbClient> (*make)();
};

const Entry kClients[] = {
#define CLIENT(system) {#system, make_##system##_client},
#include "harness/clients/list.def"
#undef CLIENT
};

}  // namespace

std::vector<std::string> known_clients() {
  std::vector<std::string> out;
  for (const Entry& entry : kClients) out.emplace_back(entry.system);
  return out;
}

Result<std::unique_ptr<DbClient>> make_client(const std::string& system) {
  for (const Entry& entry : kClients) {
    // One adapter serves a family: embedded-quorum, embedded-lww, … are all "embedded".
    const std::string family = std::string(entry.system) + "-";
    if (system == entry.system || system.rfind(family, 0) == 0) return entry.make();
  }
  return Error{ErrorCode::unsupported, "the harness has no client for \"" + system +
                                           "\" yet; it has one for " + list_of(known_clients()) +
                                           " (\"sunder wrap\" works with any client of yours)"};
}

}  // namespace sunder::harness

// The table of modes, from modes/list.def. See mode.hpp.
#include "nodes/mode.hpp"

#include <algorithm>

namespace sunder::nodes {

#define MODE(name) extern const Mode name##_mode;
#include "nodes/modes/list.def"
#undef MODE

namespace {

const Mode* const kModes[] = {
#define MODE(name) &name##_mode,
#include "nodes/modes/list.def"
#undef MODE
};

}  // namespace

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::read: return "read";
    case Kind::write: return "write";
    case Kind::cas: return "cas";
    case Kind::add: return "add";
    case Kind::increment: return "increment";
  }
  return "?";
}

const Bug* Mode::find_bug(std::string_view bug) const {
  const auto at = std::find_if(bugs.begin(), bugs.end(), [&](auto& b) { return bug == b.name; });
  return at == bugs.end() ? nullptr : &*at;
}

std::span<const Mode* const> all_modes() {
  return kModes;
}

Result<const Mode*> find_mode(std::string_view name) {
  std::string known;
  for (const Mode* mode : kModes) {
    if (name == mode->name) return mode;
    known += (known.empty() ? "" : ", ") + std::string(mode->name);
  }
  return Error{ErrorCode::not_found,
               "there is no mode \"" + std::string(name) + "\" (there is: " + known + ")"};
}

}  // namespace sunder::nodes

// The table of rows, from rows/list.def. See row.hpp. Tested by tests/harness/cap_plan_test.cpp.
#include "harness/cap/row.hpp"

#include "base/config.hpp"

namespace sunder::harness::cap {

#define ROW(name) extern const Row name##_row;
#include "harness/cap/rows/list.def"
#undef ROW

std::vector<const Row*> all_rows() {
  return {
#define ROW(name) &name##_row,
#include "harness/cap/rows/list.def"
#undef ROW
  };
}

Result<const Row*> find_row(const std::string& name) {
  std::vector<std::string> names;
  for (const Row* row : all_rows()) {
    if (name == row->name) return row;
    names.emplace_back(row->name);
  }
  const std::string near = nearest_name(name, names);
  return Error{ErrorCode::not_found, "there is no row \"" + name + "\"" +
                                         (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                                         " (there is: " + list_of(names) + ")"};
}

}  // namespace sunder::harness::cap

// Row "postgresql": one server, nothing to cut.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row postgresql_row;
const Row postgresql_row{
    .name = "postgresql",
    .summary = "PostgreSQL: one server, nothing to cut",
    .system = "postgresql",
    .nodes = 1,
};

}  // namespace sunder::harness::cap

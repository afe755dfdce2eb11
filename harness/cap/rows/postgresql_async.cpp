// Row "postgresql-async": a primary and two standbys that it does not wait for.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row postgresql_async_row;
const Row postgresql_async_row{
    .name = "postgresql-async",
    .summary = "PostgreSQL: a primary and two standbys that it does not wait for",
    .system = "postgresql-async",
    .nodes = 3,  // nobody is promoted: there are no elections
};

}  // namespace sunder::harness::cap

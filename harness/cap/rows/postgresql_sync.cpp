// Row "postgresql-sync": commits wait until a standby has flushed them.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row postgresql_sync_row;
const Row postgresql_sync_row{
    .name = "postgresql-sync",
    .summary = "PostgreSQL: commits wait until a standby has flushed them",
    .system = "postgresql-sync",
    .nodes = 3,  // nobody is promoted: there are no elections
};

}  // namespace sunder::harness::cap

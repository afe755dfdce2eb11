// Row "postgresql-sync-apply": commits wait until every standby shows them.
#include "harness/cap/row.hpp"

namespace sunder::harness::cap {

extern const Row postgresql_sync_apply_row;
const Row postgresql_sync_apply_row{
    .name = "postgresql-sync-apply",
    .summary = "PostgreSQL: commits wait until every standby shows them",
    .system = "postgresql-sync-apply",
    .nodes = 3,  // nobody is promoted: there are no elections
};

}  // namespace sunder::harness::cap

#include "store/tables.h"

namespace sqs {
namespace {

constexpr TableInfo kTables[] = {
    {"queues", "number", 9, nullptr, nullptr},
    {"queue_attributes", "queue, name", 4, "queue", "queues"},
    {"queue_tags", "queue, position", 5, "queue", "queues"},
    {"queue_counters", "queue", 5, "queue", "queues"},
    {"messages", "id", 17, "queue", "queues"},
    {"message_states", "id", 8, "id", "messages"},
    {"duplicates", "queue, sequence", 7, "queue", "queues"},
    {"receive_attempts", "queue, made_at, attempt_id", 5, "queue", "queues"},
    {"move_tasks", "queue, position", 15, "queue", "queues"},
    {"tenants", "queue, group_id", 4, "queue", "queues"},
    {"deleted_names", "region, account, name", 5, nullptr, nullptr},
    {"journal", "position", 5, nullptr, nullptr, 3},
};

}  // namespace

absl::Span<const TableInfo> Tables() { return kTables; }

}  // namespace sqs

#include "store/batch_writer.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "store/content_reader.h"
#include "store/row_codec.h"

namespace sqs {

absl::Status NotTheOwner(absl::string_view path) {
  return absl::AbortedError(absl::StrCat(path, ": another engine has become the owner of the file"));
}

absl::Status BatchWriter::Write(const EngineRow& engine, const Batch& batch) {
  BindEngine(statements_.progress, engine);
  SQS_RETURN_IF_ERROR(statements_.progress.Run());
  if (db_.changes() != 1) return NotTheOwner(path_);
  return WriteRows(batch);
}

// Nothing is run, so nothing can fail.
void BatchWriter::Record(const EngineRow& engine, const Batch& batch, Tape* tape) {
  statements_.RecordOn(tape);
  BindEngine(statements_.progress, engine);
  statements_.progress.Run().IgnoreError();
  WriteRows(batch).IgnoreError();
  statements_.RecordOn(nullptr);
}

absl::Status BatchWriter::WriteRows(const Batch& batch) {
  SQS_RETURN_IF_ERROR(MoveMessages(batch));
  SQS_RETURN_IF_ERROR(Remove(batch));
  SQS_RETURN_IF_ERROR(WriteQueues(batch));
  SQS_RETURN_IF_ERROR(WriteMessages(batch));
  return WriteMemory(batch);
}

absl::Status BatchWriter::MoveMessages(const Batch& batch) {
  for (const MessageRow& moved : batch.moved_messages) {
    PayloadPtr content;
    SQS_RETURN_IF_ERROR(ReadPayload(statements_.select_message, moved.content_row, &content));
    if (!content || content->body_md5() != moved.payload->body_md5()) {
      return absl::DataLossError(absl::StrCat(path_, ": damaged: table messages, id ", moved.content_row));
    }
    MessageRow row = moved;
    row.payload = PayloadPtr::WithContent(*moved.payload, *content);
    BindMessage(statements_.add_message, row, &scratch_);
    SQS_RETURN_IF_ERROR(statements_.add_message.Run());
  }
  return absl::OkStatus();
}

// What was sent together is mostly deleted together: a statement removes all messages whose ids follow each other.
absl::Status BatchWriter::RemoveMessages(absl::Span<const int64_t> ids) {
  for (size_t first = 0, end = 0; first < ids.size(); first = end) {
    do ++end;
    while (end < ids.size() && ids[end] == ids[end - 1] + 1);
    for (Statement* remove : {&statements_.remove_messages, &statements_.remove_states}) {
      SQS_RETURN_IF_ERROR(remove->Int(ids[first]).Int(ids[end - 1]).Run());
    }
  }
  return absl::OkStatus();
}

absl::Status BatchWriter::Remove(const Batch& batch) {
  SQS_RETURN_IF_ERROR(RemoveMessages(batch.removed_messages));
  for (const ForgottenDuplicates& forgotten : batch.forgotten_duplicates) {
    SQS_RETURN_IF_ERROR(statements_.remove_duplicates.Int(static_cast<int64_t>(forgotten.queue))
                            .Int(static_cast<int64_t>(forgotten.before_sequence))
                            .Run());
  }
  for (const ForgottenAttempts& forgotten : batch.forgotten_attempts) {
    SQS_RETURN_IF_ERROR(statements_.remove_attempts.Int(static_cast<int64_t>(forgotten.queue))
                            .Int(absl::ToUnixNanos(forgotten.up_to))
                            .Run());
  }
  for (QueueNumber queue : batch.removed_queues) {
    for (const char* table : {"queue_attributes", "queue_tags", "queue_counters", "duplicates", "receive_attempts",
                              "move_tasks", "tenants"}) {
      SQS_RETURN_IF_ERROR(db_.Execute(absl::StrCat("DELETE FROM ", table, " WHERE queue = ", queue)));
    }
    SQS_RETURN_IF_ERROR(db_.Execute(absl::StrCat("DELETE FROM queues WHERE number = ", queue)));
  }
  return absl::OkStatus();
}

absl::Status BatchWriter::WriteQueues(const Batch& batch) {
  for (const QueueRow& row : batch.queues) {
    const auto number = static_cast<int64_t>(row.number);
    BindQueue(statements_.add_queue, row);
    SQS_RETURN_IF_ERROR(statements_.add_queue.Run());
    SQS_RETURN_IF_ERROR(statements_.remove_attributes.Int(number).Run());
    SQS_RETURN_IF_ERROR(statements_.remove_tags.Int(number).Run());
    const StringMap attributes = AttributeTexts(*row.config);
    for (const auto& [name, value] : attributes) {
      BindAttribute(statements_.add_attribute, row.number, name, value);
      SQS_RETURN_IF_ERROR(statements_.add_attribute.Run());
    }
    for (size_t i = 0; i < row.tags.size(); ++i) {
      BindTag(statements_.add_tag, row.number, static_cast<int64_t>(i), row.tags[i].first, row.tags[i].second);
      SQS_RETURN_IF_ERROR(statements_.add_tag.Run());
    }
  }
  for (const QueueCounters& row : batch.counters) {
    BindCounters(statements_.add_counters, row);
    SQS_RETURN_IF_ERROR(statements_.add_counters.Run());
  }
  return absl::OkStatus();
}

absl::Status BatchWriter::WriteMessages(const Batch& batch) {
  for (const MessageRow& row : batch.new_messages) {
    BindMessage(statements_.add_message, row, &scratch_);
    SQS_RETURN_IF_ERROR(statements_.add_message.Run());
  }
  for (const MessageStateRow& row : batch.new_states) {
    BindState(statements_.add_state, row);
    SQS_RETURN_IF_ERROR(statements_.add_state.Run());
  }
  for (const MessageStateRow& row : batch.changed_states) {
    BindState(statements_.change_state, row);
    SQS_RETURN_IF_ERROR(statements_.change_state.Run());
  }
  return absl::OkStatus();
}

absl::Status BatchWriter::WriteMemory(const Batch& batch) {
  for (const DuplicateRow& row : batch.duplicates) {
    BindDuplicate(statements_.add_duplicate, row);
    SQS_RETURN_IF_ERROR(statements_.add_duplicate.Run());
  }
  for (const AttemptRow& row : batch.attempts) {
    BindAttempt(statements_.add_attempt, row, &scratch_);
    SQS_RETURN_IF_ERROR(statements_.add_attempt.Run());
  }
  for (QueueNumber queue : batch.queues_with_tasks) {
    SQS_RETURN_IF_ERROR(statements_.remove_tasks.Int(static_cast<int64_t>(queue)).Run());
  }
  for (const TaskRow& row : batch.tasks) {
    BindTask(statements_.add_task, row);
    SQS_RETURN_IF_ERROR(statements_.add_task.Run());
  }
  for (const TenantRow& row : batch.tenants) {
    const bool is_there = row.last_sent_at.has_value();
    Statement& statement = is_there ? statements_.add_tenant : statements_.remove_tenant;
    if (is_there) {
      BindTenant(statement, row);
    } else {
      statement.Int(static_cast<int64_t>(row.queue)).Text(row.group_id);
    }
    SQS_RETURN_IF_ERROR(statement.Run());
  }
  for (const DeletedNameRow& row : batch.deleted_names) {
    const bool is_there = row.deleted_at.has_value();
    Statement& statement = is_there ? statements_.add_name : statements_.remove_name;
    if (is_there) {
      BindDeletedName(statement, row);
    } else {
      statement.Text(row.name.region).Text(row.name.account).Text(row.name.name);
    }
    SQS_RETURN_IF_ERROR(statement.Run());
  }
  return absl::OkStatus();
}

}  // namespace sqs

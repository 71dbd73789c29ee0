// StartMessageMoveTask, CancelMessageMoveTask, ListMessageMoveTasks, and the moving itself (shared/spec/sqs.md, 8.3 to
// 8.5). A task is a timer of its source queue: it takes one message a step, as fast as its rate allows.

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "account/accounts.h"
#include "base/status.h"

namespace sqs {
namespace {

absl::Status Refuse(absl::string_view text) { return SqsError(ErrorCode::kInvalidParameterValue, text); }

absl::Status NoSuchResource(absl::string_view parameter) {
  return SqsError(ErrorCode::kResourceNotFound,
                  absl::StrCat("The resource that you specified for the ", parameter, " parameter doesn't exist."));
}

absl::Status CheckArnForm(absl::string_view parameter, absl::string_view arn) {
  if (!ServiceOfArn(arn).empty()) return absl::OkStatus();
  return Refuse(absl::StrCat("You must use this format to specify the ", parameter,
                             ": arn:<partition>:<service>:<region>:<account-id>:<resource-id>"));
}

}  // namespace

// The queue that a move task may use: the caller's own, in the caller's region.
absl::StatusOr<Queue*> Accounts::OpenArn(absl::string_view parameter, absl::string_view arn, Operation operation,
                                         const CallContext& context) {
  SQS_RETURN_IF_ERROR(CheckArnForm(parameter, arn));
  Queue* queue = FindByArn(arn);
  if (queue == nullptr || queue->name().region != context.caller.region) return NoSuchResource(parameter);
  SQS_RETURN_IF_ERROR(Permit(*queue, operation, kOwnerOnly, context.caller));
  call_cost_.queue_type = queue->fifo() ? QueueType::kFifo : QueueType::kStandard;
  return queue;
}

absl::StatusOr<StartMessageMoveTaskResult> Accounts::Handle(const StartMessageMoveTaskRequest& request,
                                                            const CallContext& context) {
  if (request.source_arn.empty()) return MissingParameter("SourceArn");
  SQS_ASSIGN_OR_RETURN(Queue * source,
                       OpenArn("SourceArn", request.source_arn, Operation::kStartMessageMoveTask, context));
  Queue* destination = nullptr;
  if (!request.destination_arn.empty()) {
    SQS_ASSIGN_OR_RETURN(destination,
                         OpenArn("DestinationArn", request.destination_arn, Operation::kStartMessageMoveTask, context));
  }
  const std::optional<int64_t>& rate = request.max_number_of_messages_per_second;
  if (rate.has_value() && (*rate < 1 || *rate > kMoveTaskRateMax)) {
    return Refuse(
        "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's between 1 "
        "and 500.");
  }
  if (destination == source) return Refuse("Source queue arn and destination queue arn cannot be the same.");
  if (destination != nullptr && destination->fifo() != source->fifo()) {
    return Refuse("The source queue and destination queue must be of the same queue type.");
  }
  if (!IsDeadLetterQueue(*source)) return Refuse("Source queue must be configured as a Dead Letter Queue.");
  if (ActiveTask(RecordOf(*source)) != nullptr) {
    return Refuse(
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.");
  }
  if (CountActiveTasks(context.caller.account) >= kActiveMoveTasksMax) {  // [ours]: no text is known.
    return SqsError(ErrorCode::kOverLimit, absl::StrCat("Only ", kActiveMoveTasksMax,
                                                        " active message move tasks are allowed for an account."));
  }
  const Uuid id = Uuid::Random(random_);
  Emit(source->number(), context.now,
       MoveTaskStarted{id, destination == nullptr ? 0 : destination->number(), request.destination_arn, rate,
                       source->message_count()});
  return StartMessageMoveTaskResult{RecordOf(*source).tasks.back()->Handle(source->arn())};
}

absl::StatusOr<CancelMessageMoveTaskResult> Accounts::Handle(const CancelMessageMoveTaskRequest& request,
                                                             const CallContext& context) {
  if (request.task_handle.empty()) return MissingParameter("TaskHandle");
  Uuid id;
  std::string source_arn;
  if (!MoveTask::ParseHandle(request.task_handle, &id, &source_arn)) {
    return Refuse("Value for parameter TaskHandle is invalid.");
  }
  SQS_ASSIGN_OR_RETURN(Queue * source, OpenArn("SourceArn", source_arn, Operation::kCancelMessageMoveTask, context));
  const auto& tasks = RecordOf(*source).tasks;
  const auto found = std::find_if(tasks.begin(), tasks.end(), [&id](const auto& task) { return task->id == id; });
  if (found == tasks.end()) return SqsError(ErrorCode::kResourceNotFound, "Task does not exist.");
  if ((*found)->status != MoveTaskStatus::kRunning) return Refuse("Only active tasks can be cancelled.");
  Emit(source->number(), context.now, MoveTaskChanged{id, MoveTaskStatus::kCancelling, ""});
  return CancelMessageMoveTaskResult{(*found)->moved};
}

absl::StatusOr<ListMessageMoveTasksResult> Accounts::Handle(const ListMessageMoveTasksRequest& request,
                                                            const CallContext& context) {
  if (request.source_arn.empty()) return MissingParameter("SourceArn");
  SQS_ASSIGN_OR_RETURN(Queue * source,
                       OpenArn("SourceArn", request.source_arn, Operation::kListMessageMoveTasks, context));
  const int64_t limit = request.max_results.value_or(1);
  if (limit < 1 || limit > kListedMoveTasksMax) {
    return Refuse(
        "Value for parameter MaxResults is invalid. Reason: You must enter a number that's between 1 and 10.");
  }
  ListMessageMoveTasksResult result;
  const auto& tasks = RecordOf(*source).tasks;
  for (auto task = tasks.rbegin(); task != tasks.rend() && static_cast<int64_t>(result.results.size()) < limit;
       ++task) {
    result.results.push_back(Describe(**task, source->arn()));
  }
  return result;
}

ListMessageMoveTasksResultEntry Accounts::Describe(const MoveTask& task, absl::string_view source_arn) {
  ListMessageMoveTasksResultEntry entry;
  if (task.status == MoveTaskStatus::kRunning) entry.task_handle = task.Handle(source_arn);
  entry.status = task.StatusText();
  entry.source_arn = std::string(source_arn);
  entry.destination_arn = task.destination_arn;
  entry.max_number_of_messages_per_second = task.max_per_second;
  entry.approximate_number_of_messages_moved = task.moved;
  entry.approximate_number_of_messages_to_move = task.to_move;
  entry.failure_reason = task.failure_reason;
  entry.started_timestamp = absl::ToUnixMillis(task.started_at);
  return entry;
}

bool Accounts::IsDeadLetterQueue(const Queue& queue) const {
  return std::any_of(records_.begin(), records_.end(), [&queue](const auto& row) {
    return row.second.queue->config().redrive_policy.dead_letter_target_arn == queue.arn();
  });
}

int Accounts::CountActiveTasks(absl::string_view account) const {
  return static_cast<int>(std::count_if(records_.begin(), records_.end(), [&](const auto& row) {
    return row.second.queue->name().account == account && ActiveTask(row.second) != nullptr;
  }));
}

// Only the newest task of a source can be active.
MoveTask* Accounts::ActiveTask(const QueueRecord& source) const {
  if (source.tasks.empty() || !source.tasks.back()->active()) return nullptr;
  return source.tasks.back().get();
}

// When the active task of `source` can do something, or InfiniteFuture: then it waits for the queue.
//
// What another task brought here at this very instant waits a millisecond: two tasks that move messages in a circle
// would else do so for ever within one instant.
absl::Time Accounts::NextStepAt(const QueueRecord& source) const {
  const MoveTask* task = ActiveTask(source);
  if (task == nullptr) return absl::InfiniteFuture();
  if (task->status == MoveTaskStatus::kCancelling || source.queue->message_count() == 0) return time_;
  const absl::Time end = task->started_at + kMoveTaskLifeMax;
  const std::optional<MessagePlace> oldest = source.queue->OldestDeliverable();
  if (!oldest.has_value()) return end;
  const bool just_came = source.redriven_at >= time_ && oldest->sequence >= source.redriven_from;
  const absl::Time earliest = just_came ? source.redriven_at + absl::Milliseconds(1) : time_;
  return std::min(std::max(task->next_step_at, earliest), end);
}

// Does what NextStepAt said is due at `now`.
void Accounts::StepMoveTask(QueueRecord& source, absl::Time now) {
  MoveTask* task = ActiveTask(source);
  const QueueNumber number = source.queue->number();
  const auto finish = [&](MoveTaskStatus status, absl::string_view reason) {
    Emit(number, now, MoveTaskChanged{task->id, status, std::string(reason)});
  };
  if (task == nullptr) return Reindex(source);
  if (task->status == MoveTaskStatus::kCancelling) return finish(MoveTaskStatus::kCancelled, "");
  if (source.queue->message_count() == 0) return finish(MoveTaskStatus::kCompleted, "");
  if (now >= task->started_at + kMoveTaskLifeMax) return finish(MoveTaskStatus::kFailed, "TaskTimedOut");  // [ours]
  const std::optional<MessagePlace> oldest = source.queue->OldestDeliverable();
  if (NextStepAt(source) > now || !oldest.has_value()) return Reindex(source);
  MoveOne(source, *task, *oldest, now);
}

void Accounts::MoveOne(QueueRecord& source, MoveTask& task, MessagePlace place, absl::Time now) {
  const QueueNumber number = source.queue->number();
  const auto fail = [&](absl::string_view reason) {
    Emit(number, now, MoveTaskChanged{task.id, MoveTaskStatus::kFailed, std::string(reason)});
  };
  const Payload& payload = *source.queue->Find(place)->payload;
  Queue* target = FindQueue(task.to_queue);
  if (task.to_queue == 0) {
    if (payload.extras() == nullptr || payload.extras()->dead_letter_source_arn.empty()) {
      return fail("CouldNotDetermineMessageSource");
    }
    target = FindByArn(payload.extras()->dead_letter_source_arn);
  }
  if (target == nullptr) return fail(Info(ErrorCode::kQueueDoesNotExist).query_code);

  // A new message: new id, sent now, never received (8.3). Group and deduplication id stay.
  std::unique_ptr<PayloadExtras> extras;
  if (payload.extras() != nullptr) {
    extras = std::make_unique<PayloadExtras>(*payload.extras());
    extras->dead_letter_source_arn.clear();
    extras->sent_at = absl::InfinitePast();
    extras->receives_before = 0;
  }
  const bool duplicate =
      target->fifo() && target->FindDuplicate(payload.group_id(), payload.deduplication_id(), now) != nullptr;
  PayloadPtr moved = PayloadPtr::MakeFrom(payload, Uuid::Random(random_), now, std::move(extras));
  Emit(number, now,
       Redriven{task.id, place, duplicate ? 0 : target->number(), target->NextPlace(), std::move(moved),
                now + target->config().delay()});
}

}  // namespace sqs

#include "account/move_task.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sqs {
namespace {

// The handle's JSON, written and read as the one form it has.
constexpr absl::string_view kBeforeId = "{\"taskId\":\"";
constexpr absl::string_view kBeforeArn = "\",\"sourceArn\":\"";
constexpr absl::string_view kEnd = "\"}";

}  // namespace

void MoveTask::CountMove(absl::Time at) {
  ++moved;
  if (!max_per_second.has_value()) return;
  if (at > next_step_at) {
    paced_from = at;
    moved_since_paced = 0;
  }
  ++moved_since_paced;
  next_step_at = paced_from + absl::Seconds(moved_since_paced) / *max_per_second;
}

const char* MoveTask::StatusText() const {
  static constexpr const char* kTexts[] = {"RUNNING", "COMPLETED", "CANCELLING", "CANCELLED", "FAILED"};
  return kTexts[static_cast<int>(status)];
}

std::string MoveTask::Handle(absl::string_view source_arn) const {
  return absl::Base64Escape(absl::StrCat(kBeforeId, id.ToString(), kBeforeArn, source_arn, kEnd));
}

bool MoveTask::ParseHandle(absl::string_view handle, Uuid* id, std::string* source_arn) {
  constexpr size_t kUuidBytes = 36;
  std::string json;
  if (!absl::Base64Unescape(handle, &json)) return false;
  absl::string_view rest = json;
  if (!absl::ConsumePrefix(&rest, kBeforeId) || rest.size() < kUuidBytes ||
      !Uuid::Parse(rest.substr(0, kUuidBytes), id)) {
    return false;
  }
  rest.remove_prefix(kUuidBytes);
  if (!absl::ConsumePrefix(&rest, kBeforeArn) || !absl::ConsumeSuffix(&rest, kEnd)) return false;
  *source_arn = std::string(rest);
  return true;
}

}  // namespace sqs

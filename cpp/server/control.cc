#include "server/control.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "server/control_input.h"
#include "server/history_json.h"
#include "server/json_values.h"
#include "server/queue_json.h"
#include "server/version.h"

namespace sqs::server {
namespace {

constexpr uint64_t kEffectsMax = 10'000;
constexpr uint64_t kMessagesMax = 1'000;

// A request on its way to its page.
struct Call {
  Engine& engine;
  absl::string_view method;
  absl::string_view body;
  Parameters parameters;
  std::vector<std::string> names;  // What stands for the "*" of the page's path.
};

using Answered = absl::StatusOr<Json>;

absl::Status NoSuchQueue() { return absl::NotFoundError("no such queue"); }

// --- Health, reset --------------------------------------------------------------------------------------------------

const char* ClockName(Clock& clock) {
  if (clock.runs_in_real_time()) return "system";
  return dynamic_cast<ManualClock*>(&clock) != nullptr ? "manual" : "python";
}

Answered Health(Call& call) {
  size_t queues = 0;
  absl::Time now;
  call.engine.Look([&](const Accounts& accounts, absl::Time at) {
    queues = accounts.queues().size();
    now = at;
  });
  return Json{{"status", "ok"},       {"version", Version()}, {"clock", ClockName(call.engine.clock())},
              {"now", JsonTime(now)}, {"queues", queues},     {"seed", call.engine.seed()}};
}

Answered Reset(Call& call) {
  call.engine.Reset();
  return Json{{"status", "ok"}};
}

// --- Time -----------------------------------------------------------------------------------------------------------

Answered ReadClock(Call& call) {
  const absl::Time now = call.engine.Now();
  return Json{{"clock", ClockName(call.engine.clock())},
              {"now", JsonTime(now)},
              {"now_ns", absl::ToUnixNanos(now)},
              {"auto_advance", call.engine.clock().moves_itself()},
              {"next_event_at", JsonTime(call.engine.NextEventAt())}};
}

Answered MoveClock(Call& call, absl::Time at) {
  auto* clock = dynamic_cast<ManualClock*>(&call.engine.clock());
  if (clock == nullptr) return absl::FailedPreconditionError("the engine's clock is not manual: nobody can move it");
  if (at > LatestInstant()) return absl::InvalidArgumentError("a clock ends in the year 2262");
  if (at < clock->Now()) return absl::InvalidArgumentError("a clock does not go back");
  clock->MoveTo(at);
  return ReadClock(call);
}

Answered AdvanceClock(Call& call) {
  SQS_ASSIGN_OR_RETURN(const Json object, ParseObject(call.body));
  SQS_ASSIGN_OR_RETURN(const absl::Duration span, ReadSpan(object));
  return MoveClock(call, call.engine.clock().Now() + span);
}

Answered MoveClockTo(Call& call) {
  SQS_ASSIGN_OR_RETURN(const Json object, ParseObject(call.body));
  SQS_ASSIGN_OR_RETURN(const absl::Time at, ReadInstant(object));
  return MoveClock(call, at);
}

// --- Faults ---------------------------------------------------------------------------------------------------------

Answered GetFaults(Call& call) { return FaultsJson(call.engine.faults()); }

Answered PutFaults(Call& call) {
  SQS_ASSIGN_OR_RETURN(const Json object, ParseObject(call.body));
  FaultOptions faults;
  SQS_RETURN_IF_ERROR(ReadFaults(object, &faults));
  call.engine.set_faults(faults);
  return GetFaults(call);
}

Answered ChangeFaults(Call& call) {
  SQS_ASSIGN_OR_RETURN(const Json object, ParseObject(call.body));
  for (bool done = false; !done;) {
    const FaultOptions before = call.engine.faults();
    FaultOptions faults = before;
    SQS_RETURN_IF_ERROR(ReadFaults(object, &faults));
    done = call.engine.ReplaceFaults(before, faults);  // Another client may change others meanwhile.
  }
  return GetFaults(call);
}

Answered DeleteFaults(Call& call) {
  call.engine.set_faults(FaultOptions());
  return GetFaults(call);
}

// --- History, queues ------------------------------------------------------------------------------------------------

Answered GetHistory(Call& call) {
  HistoryQuery query;
  uint64_t limit = query.limit;
  SQS_RETURN_IF_ERROR(call.parameters.Number("since", 0, UINT64_MAX, &query.since));
  SQS_RETURN_IF_ERROR(call.parameters.Number("limit", 1, kEffectsMax, &limit));
  query.limit = limit;
  query.queue = call.parameters.Text("queue");
  query.kind = call.parameters.Text("kind");
  query.message_id = call.parameters.Text("message_id");
  if (query.kind.has_value() && !IsEffectKind(*query.kind)) {
    return absl::InvalidArgumentError(absl::StrCat("no such kind of effect: ", *query.kind));
  }
  return HistoryPage(call.engine, query);
}

Answered GetQueues(Call& call) { return QueuesPage(call.engine); }

QueueName NameOf(const Call& call) { return {call.names[0], call.names[1], call.names[2]}; }

Answered GetQueue(Call& call) {
  std::optional<Json> page = QueuePage(call.engine, NameOf(call));
  if (!page.has_value()) return NoSuchQueue();
  return *std::move(page);
}

absl::StatusOr<Message::State> StateNamed(const std::optional<std::string>& name) {
  if (!name.has_value()) return Message::kFree;
  if (*name == "visible") return Message::kVisible;
  if (*name == "in_flight") return Message::kInFlight;
  if (*name == "delayed") return Message::kDelayed;
  return absl::InvalidArgumentError("state must be visible, in_flight or delayed");
}

Answered GetMessages(Call& call) {
  MessagesQuery query;
  uint64_t limit = query.limit;
  SQS_ASSIGN_OR_RETURN(query.state, StateNamed(call.parameters.Text("state")));
  SQS_RETURN_IF_ERROR(call.parameters.Number("cursor", 0, UINT64_MAX, &query.cursor));
  SQS_RETURN_IF_ERROR(call.parameters.Number("limit", 1, kMessagesMax, &limit));
  query.limit = limit;
  SQS_ASSIGN_OR_RETURN(std::optional<Json> page, MessagesPage(call.engine, NameOf(call), query));
  if (!page.has_value()) return NoSuchQueue();
  return *std::move(page);
}

// --- Which page -----------------------------------------------------------------------------------------------------

struct Page {
  const char* path;  // Below /_localsqs; "*" stands for any one segment.
  const char* method;
  Answered (*answer)(Call& call);
  std::vector<absl::string_view> parameters;
};

Answered GetIndex(Call& call);

const std::vector<Page>& Pages() {
  static const auto* pages = new std::vector<Page>{
      {"", "GET", GetIndex, {}},
      {"/health", "GET", Health, {}},
      {"/reset", "POST", Reset, {}},
      {"/clock", "GET", ReadClock, {}},
      {"/clock/advance", "POST", AdvanceClock, {}},
      {"/clock/move_to", "POST", MoveClockTo, {}},
      {"/faults", "GET", GetFaults, {}},
      {"/faults", "PUT", PutFaults, {}},
      {"/faults", "POST", ChangeFaults, {}},
      {"/faults", "DELETE", DeleteFaults, {}},
      {"/history", "GET", GetHistory, {"since", "limit", "queue", "kind", "message_id"}},
      {"/queues", "GET", GetQueues, {}},
      {"/queues/*/*/*", "GET", GetQueue, {}},
      {"/queues/*/*/*/messages", "GET", GetMessages, {"state", "cursor", "limit"}},
  };
  return *pages;
}

Answered GetIndex(Call&) {
  Json pages = Json::array();
  for (const Page& page : Pages()) pages.push_back(absl::StrCat(page.method, " /_localsqs", page.path));
  pages.push_back("GET /metrics");
  return Json{{"pages", std::move(pages)}};
}

// Whether `path` is that of the page; `names` is then what its asterisks stand for.
bool Matches(absl::string_view pattern, absl::string_view path, std::vector<std::string>* names) {
  const std::vector<absl::string_view> wanted = absl::StrSplit(pattern, '/');
  const std::vector<absl::string_view> given = absl::StrSplit(path, '/');
  if (wanted.size() != given.size()) return false;
  names->clear();
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "*") {
      names->push_back(wire::DecodeFormText(given[i]));
    } else if (wanted[i] != given[i]) {
      return false;
    }
  }
  return true;
}

std::pair<absl::string_view, absl::string_view> SplitTarget(absl::string_view target) {
  std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(target, absl::MaxSplits('?', 1));
  while (absl::EndsWith(parts.first, "/")) parts.first.remove_suffix(1);
  return parts;
}

absl::Status WrongMethod(const std::vector<absl::string_view>& methods) {
  return absl::UnimplementedError(absl::StrCat("use ", absl::StrJoin(methods, " or ")));
}

Answered AnswerPage(absl::string_view path, absl::string_view query_string, Call& call) {
  if (!call.parameters.Parse(query_string)) return absl::InvalidArgumentError("too many parameters");
  std::vector<absl::string_view> methods;
  for (const Page& page : Pages()) {
    if (!Matches(page.path, path, &call.names)) continue;
    methods.push_back(page.method);
    if (call.method != page.method) continue;
    SQS_RETURN_IF_ERROR(call.parameters.CheckNames(page.parameters));
    return page.answer(call);
  }
  if (methods.empty()) return absl::NotFoundError("no such page; /_localsqs lists those there are");
  return WrongMethod(methods);
}

int HttpStatusOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kUnimplemented:
      return 405;
    case absl::StatusCode::kFailedPrecondition:
      return 409;
    default:
      return 500;
  }
}

ControlAnswer Render(const Answered& answered) {
  ControlAnswer answer;
  if (answered.ok()) {
    answer.body = CompactJson(*answered);
  } else {
    answer.status = HttpStatusOf(answered.status());
    answer.body = CompactJson(Json{{"error", JsonText(answered.status().message())}});
  }
  answer.body += "\n";
  return answer;
}

}  // namespace

bool IsControlPath(absl::string_view target) {
  const absl::string_view path = target.substr(0, target.find('?'));
  return path == "/metrics" || path == "/_localsqs" || absl::StartsWith(path, "/_localsqs/");
}

ControlAnswer Control::Answer(const ControlRequest& request) {
  auto [path, query_string] = SplitTarget(request.target);
  if (path == "/metrics") {
    if (request.method != "GET") return Render(WrongMethod({"GET"}));
    return {200, kMetricsContentType, MetricsPage(engine_, counters_)};
  }
  if (!absl::ConsumePrefix(&path, "/_localsqs")) return Render(absl::NotFoundError("no control page"));
  Call call{engine_, request.method, request.body, {}, {}};
  return Render(AnswerPage(path, query_string, call));
}

}  // namespace sqs::server

// Whole requests, through wire/ and a real engine: every answer is well-formed, an error or a question changes nothing,
// and the history rebuilds the state.
//
// Requests stand one after the other, parted by lines "----": a line "METHOD TARGET", header lines "Name: value", an
// empty line, a body. The header Advance moves the clock by so many seconds first. $HANDLE in a target or body stands
// for the receipt handle received last.
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "engine/engine.h"
#include "structs.h"
#include "well_formed.h"
#include "wire/protocol.h"

namespace sqs::fuzz {
namespace {

constexpr int kRequestsMax = 20;
constexpr int kAdvanceMax = 14 * 86400;

struct HttpRequest {
  std::string method, target, host, content_type, amz_target, accept, trace_id, body;
  int advance = 0;

  explicit HttpRequest(absl::string_view text) {
    const absl::string_view line = TakeLine(&text);
    method = std::string(line.substr(0, line.find(' ')));
    target = std::string(line.substr(std::min(line.size(), method.size() + 1)));
    if (target.empty()) target = "/";
    for (absl::string_view header = TakeLine(&text); !header.empty(); header = TakeLine(&text)) SetHeader(header);
    body = std::string(text);
  }

  wire::Request View() {
    body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    return {.method = method,
            .target = target,
            .host = host,
            .content_type = content_type,
            .amz_target = amz_target,
            .accept = accept,
            .trace_id = trace_id,
            .body = body};
  }

 private:
  void SetHeader(absl::string_view line) {
    const size_t colon = line.find(':');
    const absl::string_view name = line.substr(0, colon);
    const std::string value(colon == absl::string_view::npos ? "" : absl::StripAsciiWhitespace(line.substr(colon + 1)));
    if (name == "Host") host = value;
    if (name == "Content-Type") content_type = value;
    if (name == "X-Amz-Target") amz_target = value;
    if (name == "Accept") accept = value;
    if (name == "X-Amzn-Trace-Id") trace_id = value;
    if (name == "Advance" && !absl::SimpleAtoi(value, &advance)) advance = 0;
  }
};

bool OnlyAsks(Operation operation) {
  switch (operation) {
    case Operation::kGetQueueAttributes:
    case Operation::kGetQueueUrl:
    case Operation::kListDeadLetterSourceQueues:
    case Operation::kListMessageMoveTasks:
    case Operation::kListQueueTags:
    case Operation::kListQueues:
      return true;
    default:
      return false;
  }
}

class Session {
 public:
  Session() : clock_(std::make_shared<ManualClock>(absl::FromUnixSeconds(kStart))), engine_(OptionsOn(clock_)) {}

  void Perform(HttpRequest http) {
    if (http.advance > 0) clock_->Advance(absl::Seconds(std::min(http.advance, kAdvanceMax)));
    const bool is_json = !http.amz_target.empty();
    const std::string handle = is_json ? handle_ : absl::StrReplaceAll(handle_, {{"+", "%2B"}});
    http.body = absl::StrReplaceAll(http.body, {{"$HANDLE", handle}});
    http.target = absl::StrReplaceAll(http.target, {{"$HANDLE", handle}});
    const wire::Request request = http.View();
    const wire::Exchange exchange(request);
    if (exchange.error().ok()) {
      WithRequestOf(exchange.operation(), [&](auto empty) { PerformAs(exchange, request, std::move(empty)); });
    } else {
      CheckError(exchange, exchange.error());
    }
  }

  // The effects alone give the same queues.
  void CheckReplay() {
    Engine rebuilt(OptionsOn(std::make_shared<ManualClock>(clock_->Now())));
    rebuilt.Replay(engine_.HistorySince(0));
    FUZZ_EQ(rebuilt.Dump(), engine_.Dump());
  }

 private:
  static constexpr int64_t kStart = 1767225600;  // 2026-01-01
  static constexpr uint64_t kSeed = 7;

  static Engine::Options OptionsOn(std::shared_ptr<ManualClock> clock) {
    return {.clock = std::move(clock), .seed = kSeed, .history = {.effects_max = size_t{1} << 20}};
  }

  template <class RequestStruct>
  void PerformAs(const wire::Exchange& exchange, const wire::Request& http, RequestStruct request) {
    const absl::Status status = exchange.Read(&json_, &request);
    if (!status.ok()) return CheckError(exchange, status);
    const uint64_t effects = engine_.effect_count();
    const std::string state = engine_.Dump();
    const Caller caller{"000000000000", "us-east-1", absl::StrCat("http://", http.host.empty() ? "h" : http.host)};
    const auto result = engine_.Call(request, caller);
    if (!result.ok() || OnlyAsks(exchange.operation())) {
      FUZZ_CHECK(engine_.effect_count() == effects);
      FUZZ_EQ(engine_.Dump(), state);
    }
    if (!result.ok()) return CheckError(exchange, result.status());
    wire::Answer answer;
    exchange.WriteResult(*result, kRequestId, &answer);
    FUZZ_CHECK(answer.status == 200);
    CheckBody(exchange, answer);
    if constexpr (std::is_same_v<RequestStruct, ReceiveMessageRequest>) {
      if (!result->messages.empty()) handle_ = std::string(result->messages.back().receipt_handle);
    }
  }

  static void CheckError(const wire::Exchange& exchange, const absl::Status& status) {
    CheckRefusal(status);
    const ErrorInfo& info = InfoOf(status);
    wire::Answer answer;
    exchange.WriteError(status, kRequestId, &answer);
    const bool no_action = absl::StrContains(answer.body, "<UnknownOperationException/>");
    FUZZ_CHECK(answer.status == (no_action ? 404 : info.http_status));
    CheckBody(exchange, answer);
    if (exchange.protocol() == wire::Protocol::kJson) {
      const std::string type = nlohmann::json::parse(answer.body).at("__type");
      FUZZ_EQ(type, absl::StrCat(info.Namespace(), "#", info.shape));
      FUZZ_EQ(answer.query_error, absl::StrCat(info.query_code, ";Sender"));
    } else if (!no_action) {
      FUZZ_CHECK(absl::StrContains(answer.body, info.query_code));
    }
  }

  static void CheckBody(const wire::Exchange& exchange, const wire::Answer& answer) {
    const absl::string_view type = answer.content_type;
    if (type == "text/xml") {
      FUZZ_CHECK(exchange.protocol() != wire::Protocol::kJson);
      const std::string fault = XmlCheck(answer.body).Fault();
      if (!fault.empty()) Fail(__FILE__, __LINE__, fault.c_str(), answer.body);
      return;
    }
    if (exchange.protocol() == wire::Protocol::kJson && answer.body.empty()) return;  // Nothing to answer.
    if (!nlohmann::json::accept(answer.body)) Fail(__FILE__, __LINE__, "the answer is JSON", answer.body);
  }

  static constexpr char kRequestId[] = "00000000-0000-4000-8000-000000000000";

  std::shared_ptr<ManualClock> clock_;
  Engine engine_;
  wire::JsonReader json_;
  std::string handle_;
};

}  // namespace

void Run(absl::string_view input) {
  Session session;
  for (int i = 0; i < kRequestsMax && !input.empty(); ++i) session.Perform(HttpRequest(TakePart(&input, "----")));
  session.CheckReplay();
}

}  // namespace sqs::fuzz

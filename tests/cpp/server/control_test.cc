// The control pages, without a socket: every page and every way in which it refuses.
#include "server/control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "account/json.h"
#include "engine/engine_fixture.h"
#include "server/history_json.h"

namespace sqs::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ControlTest : public EngineFixture {
 protected:
  // What `method target` answers, with the status in `status_`.
  Json Ask(absl::string_view method, absl::string_view target, absl::string_view body = "") {
    return AskOf(control_, method, target, body);
  }
  Json AskOf(Control& control, absl::string_view method, absl::string_view target, absl::string_view body = "") {
    const ControlAnswer answer = control.Answer({method, target, body});
    status_ = answer.status;
    EXPECT_EQ(answer.content_type, "application/json");
    const std::optional<Json> json = ParseJson(answer.body);
    EXPECT_TRUE(json.has_value()) << answer.body;
    return json.value_or(Json());
  }
  Json Get(absl::string_view target) {
    Json json = Ask("GET", target);
    EXPECT_EQ(status_, 200) << json;
    return json;
  }
  // The error's text.
  std::string Refused(int status, absl::string_view method, absl::string_view target, absl::string_view body = "") {
    const Json json = Ask(method, target, body);
    EXPECT_EQ(status_, status) << method << " " << target << " " << body << ": " << json;
    return json.value("error", "");
  }
  static std::vector<std::string> Column(const Json& rows, const char* member) {
    std::vector<std::string> values;
    for (const Json& row : rows) values.push_back(row[member].get<std::string>());
    return values;
  }

  static constexpr char kOrders[] = "/_localsqs/queues/us-east-1/000000000000/orders";
  static constexpr char kMessages[] = "/_localsqs/queues/us-east-1/000000000000/orders/messages";

  ServerCounters counters_;
  Control control_{engine_, counters_};
  int status_ = 0;
};

TEST_F(ControlTest, KnowsItsPaths) {
  for (const char* path : {"/_localsqs", "/_localsqs/", "/_localsqs/health?x=y", "/_localsqs?x", "/metrics"}) {
    EXPECT_TRUE(IsControlPath(path)) << path;
  }
  for (const char* path : {"", "/", "/000000000000/metrics", "/_localsqs2", "/metrics2", "/?a=/_localsqs"}) {
    EXPECT_FALSE(IsControlPath(path)) << path;
  }
}

TEST_F(ControlTest, TheIndexListsThePages) {
  const Json pages = Get("/_localsqs/")["pages"];
  EXPECT_THAT(pages.dump(), HasSubstr("POST /_localsqs/clock/advance"));
}

TEST_F(ControlTest, RefusesWhatIsNoPage) {
  for (const char* target : {"/_localsqs/no", "/_localsqs/clock/no", "/_localsqs/queues/us-east-1", "/_localsqs//clock",
                             "/_localsqs/health/more", "/_localsqs/queues/a/b/c/messages/d", "/other"}) {
    Refused(404, "GET", target);
  }
}

TEST_F(ControlTest, RefusesAnotherMethod) {
  EXPECT_EQ(Refused(405, "POST", "/_localsqs/health"), "use GET");
  EXPECT_EQ(Refused(405, "GET", "/_localsqs/reset"), "use POST");
  EXPECT_EQ(Refused(405, "DELETE", "/_localsqs/clock"), "use GET");
  EXPECT_EQ(Refused(405, "PUT", "/_localsqs/clock/advance"), "use POST");
  EXPECT_EQ(Refused(405, "GET", "/_localsqs/clock/move_to"), "use POST");
  EXPECT_EQ(Refused(405, "PATCH", "/_localsqs/faults"), "use GET or PUT or POST or DELETE");
  EXPECT_EQ(Refused(405, "POST", "/_localsqs/history"), "use GET");
  EXPECT_EQ(Refused(405, "POST", "/_localsqs/queues"), "use GET");
  EXPECT_EQ(Refused(405, "POST", kMessages), "use GET");
  EXPECT_EQ(Refused(405, "POST", "/metrics"), "use GET");
}

TEST_F(ControlTest, RefusesAParameterThatThePageDoesNotKnow) {
  EXPECT_THAT(Refused(400, "GET", "/_localsqs/history?kinds=Sent"), HasSubstr("unknown parameter kinds"));
  Refused(400, "GET", "/_localsqs/history?kind.1=Sent");
  Refused(400, "GET", "/_localsqs/health?verbose=1");
  Refused(400, "GET", absl::StrCat(kMessages, "?since=1"));
  std::string many = "/_localsqs/history?";
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&many, "a", i, "=&");
  EXPECT_EQ(Refused(400, "GET", many), "too many parameters");
}

// --- Health and reset -----------------------------------------------------------------------------------------------

TEST_F(ControlTest, Health) {
  Create("orders");
  const Json health = Get("/_localsqs/health");
  EXPECT_EQ(health["status"], "ok");
  EXPECT_NE(health["version"], "0");
  EXPECT_EQ(health["clock"], "manual");
  EXPECT_EQ(health["now"], "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(health["queues"], 1);
  EXPECT_EQ(health["seed"], 7);
}

TEST_F(ControlTest, ResetDeletesEveryQueueAndSwitchesFaultsOff) {
  const std::string url = Create("orders");
  Send(url, "a");
  caller_ = {"111111111111", "eu-west-1", ""};
  Create("orders.fifo", {{"FifoQueue", "true"}});
  FaultOptions faults;
  faults.throttle = 0.5;
  faults.latency_seconds = 1;
  engine_.set_faults(faults);
  clock_->Advance(absl::Seconds(5));

  EXPECT_EQ(Ask("POST", "/_localsqs/reset")["status"], "ok");
  EXPECT_EQ(status_, 200);
  EXPECT_THAT(Get("/_localsqs/queues")["queues"], IsEmpty());
  EXPECT_EQ(engine_.faults(), FaultOptions());
  EXPECT_EQ(Elapsed(), absl::Seconds(5));
  EXPECT_THAT(Column(Get("/_localsqs/history")["effects"], "kind"),
              ElementsAre("QueueCreated", "Sent", "QueueCreated", "QueueDeleted", "QueueDeleted"));
  // As new, and without the latency.
  Create("orders.fifo", {{"FifoQueue", "true"}, {"ContentBasedDeduplication", "true"}});
  EXPECT_EQ(Elapsed(), absl::Seconds(5));
}

TEST_F(ControlTest, ResetEndsWaitsEmpty) {
  const std::string url = Create("orders");
  std::optional<size_t> received;
  engine_.ReceiveAsync(Request(url, 20), caller_, [&received](absl::StatusOr<ReceiveMessageResult> result) {
    ASSERT_TRUE(result.ok()) << result.status();
    received = result->messages.size();
  });
  EXPECT_FALSE(received.has_value());
  Ask("POST", "/_localsqs/reset");
  EXPECT_EQ(received, 0u);
  EXPECT_EQ(engine_.waiter_count(), 0u);
}

TEST_F(ControlTest, AHistoryWithAResetReplaysToTheSameState) {
  const std::string url = Create("orders");
  Send(url, "a");
  Ask("POST", "/_localsqs/reset");
  Send(Create("orders"), "b");
  Engine again(On(std::make_shared<ManualClock>(t0)));
  again.Replay(engine_.HistorySince(0));
  EXPECT_EQ(again.Dump(), engine_.Dump());
}

TEST(ControlOfStrictEngine, NamesAreFreeAtOnceAfterAReset) {
  Engine engine({.clock = std::make_shared<ManualClock>(absl::FromUnixSeconds(1767225600)), .seed = 7, .strict = true});
  const Caller caller;
  ASSERT_TRUE(engine.Call(CreateQueueRequest{"orders", {}, {}}, caller).ok());
  engine.Reset();
  EXPECT_TRUE(engine.Call(CreateQueueRequest{"orders", {}, {}}, caller).ok());
}

// --- Time -----------------------------------------------------------------------------------------------------------

TEST_F(ControlTest, ReadsTheClock) {
  Json clock = Get("/_localsqs/clock");
  EXPECT_EQ(clock["clock"], "manual");
  EXPECT_EQ(clock["now"], "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(clock["now_ns"], 1767225600000000000);
  EXPECT_EQ(clock["auto_advance"], true);
  EXPECT_TRUE(clock["next_event_at"].is_null());
  Send(Create("orders"), "a", 7);
  EXPECT_EQ(Get("/_localsqs/clock")["next_event_at"], "2026-01-01T00:00:07.000Z");
}

TEST_F(ControlTest, AdvancesByTheSumOfWhatIsGiven) {
  EXPECT_EQ(Ask("POST", "/_localsqs/clock/advance", R"({"seconds": 30})")["now"], "2026-01-01T00:00:30.000Z");
  EXPECT_EQ(Elapsed(), absl::Seconds(30));
  Ask("POST", "/_localsqs/clock/advance",
      R"({"days": 1, "hours": 2, "minutes": 3, "seconds": 4.5, "milliseconds": -500})");
  EXPECT_EQ(status_, 200);
  EXPECT_EQ(Elapsed(), absl::Hours(26) + absl::Minutes(3) + absl::Seconds(34));
  Ask("POST", "/_localsqs/clock/advance", R"({"seconds": 0})");
  EXPECT_EQ(status_, 200);
}

TEST_F(ControlTest, MovesToAnInstant) {
  Ask("POST", "/_localsqs/clock/move_to", R"({"to": "2026-01-01T01:00:10.25+01:00"})");
  EXPECT_EQ(Elapsed(), absl::Milliseconds(10250));
  Ask("POST", "/_localsqs/clock/move_to", R"({"to": 1767225620001})");
  EXPECT_EQ(Elapsed(), absl::Milliseconds(20001));
  Ask("POST", "/_localsqs/clock/move_to", R"({"to": 1767225620001.5})");
  EXPECT_EQ(Elapsed(), absl::Microseconds(20001500));
  Ask("POST", "/_localsqs/clock/move_to", R"({"to": 1767225620002})");
  EXPECT_EQ(status_, 200);
}

TEST_F(ControlTest, EachEventOnTheWayHappensAtItsOwnInstant) {
  const std::string url = Create("orders", {{"MessageRetentionPeriod", "60"}});
  Send(url, "a", 10);
  std::optional<absl::Duration> served_after;
  engine_.ReceiveAsync(Request(url, 20), caller_, [&](absl::StatusOr<ReceiveMessageResult> result) {
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->messages.size(), 1u);
    served_after = clock_->Now() - t0;
  });
  Ask("POST", "/_localsqs/clock/advance", R"({"hours": 1})");
  EXPECT_EQ(served_after, absl::Seconds(10));
  const Json effects = Get("/_localsqs/history?kind=Expired")["effects"];
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_EQ(effects[0]["at"], "2026-01-01T00:01:00.000Z");
}

TEST_F(ControlTest, RefusesBadTimes) {
  clock_->Advance(absl::Seconds(1));
  for (const char* body :
       {"", "{}", "[]", "30", "null", "{", R"({"seconds": "30"})", R"({"seconds": true})", R"({"seconds": null})",
        R"({"second": 30})", R"({"seconds": 30, "weeks": 1})", R"({"seconds": -1})",
        R"({"minutes": 1, "seconds": -61})", R"({"days": 1e6})", R"({"days": 1e300})",
        R"({"seconds": 18446744073709551615})", R"({"seconds": 9223372036})", R"({"seconds": NaN})"}) {
    EXPECT_NE(Refused(400, "POST", "/_localsqs/clock/advance", body), "") << body;
  }
  for (const char* body : {"", "{}", R"({"to": null})", R"({"to": "tomorrow"})", R"({"to": "2026-01-01"})",
                           R"({"to": "2026-01-01T00:00:30"})", R"({"to": "infinite-future"})", R"({"to": ["x"]})",
                           R"({"to": "2026-01-01T00:00:00.999Z"})", R"({"to": 0})", R"({"to": -1e300})",
                           R"({"to": "2263-01-01T00:00:00Z"})", R"({"to": 18446744073709551615})",
                           R"({"at": 1767225620001})", R"({"to": 1767225620001, "x": 1})"}) {
    EXPECT_NE(Refused(400, "POST", "/_localsqs/clock/move_to", body), "") << body;
  }
  EXPECT_EQ(Elapsed(), absl::Seconds(1));
}

TEST_F(ControlTest, OnlyAManualClockIsMoved) {
  Engine engine({});
  Control control(engine, counters_);
  EXPECT_EQ(AskOf(control, "GET", "/_localsqs/clock")["clock"], "system");
  EXPECT_EQ(AskOf(control, "GET", "/_localsqs/health")["clock"], "system");
  AskOf(control, "POST", "/_localsqs/clock/advance", R"({"seconds": 30})");
  EXPECT_EQ(status_, 409);
  AskOf(control, "POST", "/_localsqs/clock/move_to", R"({"to": "2200-01-01T00:00:00Z"})");
  EXPECT_EQ(status_, 409);
}

// --- Faults ---------------------------------------------------------------------------------------------------------

TEST_F(ControlTest, FaultsAreReadSetChangedAndSwitchedOff) {
  const std::string off =
      R"({"duplicate":0.0,"reorder":0.0,"sample":0.0,"forget_delete":0.0,"throttle":0.0,"in_flight_max":null,)"
      R"("fifo_quotas":false,"latency_seconds":0.0})";
  EXPECT_EQ(Get("/_localsqs/faults").dump(), off);
  Ask("PUT", "/_localsqs/faults", R"({"duplicate": 0.25, "in_flight_max": 3, "fifo_quotas": true})");
  EXPECT_EQ(engine_.faults(), (FaultOptions{.duplicate = 0.25, .in_flight_max = 3, .fifo_quotas = true}));
  Ask("POST", "/_localsqs/faults", R"({"reorder": 1, "in_flight_max": null})");
  EXPECT_EQ(engine_.faults(), (FaultOptions{.duplicate = 0.25, .reorder = 1, .fifo_quotas = true}));
  const Json put = Ask("PUT", "/_localsqs/faults", R"({"latency_seconds": 86400})");
  EXPECT_EQ(put["latency_seconds"], 86400);
  EXPECT_EQ(engine_.faults(), FaultOptions{.latency_seconds = 86400});
  EXPECT_EQ(Ask("DELETE", "/_localsqs/faults").dump(), off);
  EXPECT_EQ(engine_.faults(), FaultOptions());
}

TEST_F(ControlTest, RefusesBadFaults) {
  const FaultOptions before{.throttle = 0.5};
  engine_.set_faults(before);
  for (const char* body :
       {"", "[]", R"({"typo": 1})", R"({"duplicate": 1.001})", R"({"duplicate": -0.1})", R"({"duplicate": "1"})",
        R"({"duplicate": true})", R"({"duplicate": null})", R"({"in_flight_max": -1})", R"({"in_flight_max": 1.5})",
        R"({"in_flight_max": 2147483648})", R"({"in_flight_max": 18446744073709551615})", R"({"in_flight_max": false})",
        R"({"fifo_quotas": 1})", R"({"latency_seconds": 86401})", R"({"latency_seconds": 1e999})",
        R"({"duplicate": 0.5, "reorder": 2})"}) {
    for (const char* method : {"PUT", "POST"}) {
      EXPECT_NE(Refused(400, method, "/_localsqs/faults", body), "") << body;
    }
  }
  EXPECT_EQ(engine_.faults(), before);
}

// --- History --------------------------------------------------------------------------------------------------------

TEST_F(ControlTest, AnEventSaysWhatHappened) {
  Send(Create("orders"), "42", 5);
  const Json page = Get("/_localsqs/history");
  EXPECT_EQ(page["next"], 2);
  EXPECT_EQ(page["count"], 2);
  ASSERT_EQ(page["effects"].size(), 2u);
  const Json& created = page["effects"][0];
  EXPECT_EQ(created["details"]["attributes"]["VisibilityTimeout"], "30");
  EXPECT_TRUE(created["message_id"].is_null());
  const Json& sent = page["effects"][1];
  EXPECT_EQ(sent["number"], 1);
  EXPECT_EQ(sent["at"], "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(sent["at_ns"], 1767225600000000000);
  EXPECT_EQ(sent["kind"], "Sent");
  EXPECT_EQ(sent["queue"], "orders");
  EXPECT_EQ(sent["queue_arn"], "arn:aws:sqs:us-east-1:000000000000:orders");
  EXPECT_EQ(sent["queue_number"], 1);
  EXPECT_EQ(sent["details"]["message_id"], sent["message_id"]);
  EXPECT_EQ(sent["details"]["body"], "42");
  EXPECT_EQ(sent["details"]["visible_at"], "2026-01-01T00:00:05.000Z");
  EXPECT_EQ(sent["details"]["visible_at_ns"], 1767225605000000000);
}

TEST_F(ControlTest, EveryKindOfEffectHasDetails) {
  const std::string dead_url = Create("dead.fifo", {{"FifoQueue", "true"}});
  const std::string policy = R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead.fifo",)"
                             R"("maxReceiveCount":1})";
  const std::string url = Create("work.fifo", {{"FifoQueue", "true"},
                                               {"RedrivePolicy", policy},
                                               {"VisibilityTimeout", "10"},
                                               {"MessageRetentionPeriod", "600"}});
  SendMessageRequest send{.queue_url = url, .message = {.message_body = "a"}};
  send.message.message_group_id = "g";
  send.message.message_deduplication_id = "d";
  send.message.message_attributes = {{"Color", {.string_value = "red", .data_type = "String"}},
                                     {"Bits", {.binary_value = Blob{std::string("\0\xff", 2)}, .data_type = "Binary"}}};
  ASSERT_TRUE(engine_.Call(send, caller_).ok());
  ASSERT_TRUE(engine_.Call(send, caller_).ok());  // SentDuplicate.
  ReceiveMessageRequest receive = Request(url, 0);
  receive.receive_request_attempt_id = "attempt";
  const auto received = engine_.Call(receive, caller_);
  ASSERT_EQ(received->messages.size(), 1u);
  const HandleText handle = received->messages[0].receipt_handle;
  ASSERT_TRUE(engine_.Call(ChangeMessageVisibilityRequest{url, handle, 20}, caller_).ok());
  clock_->Advance(absl::Seconds(30));
  Receive(url);  // Moved, ReceivedNothing.
  ASSERT_TRUE(
      engine_.Call(StartMessageMoveTaskRequest{.source_arn = "arn:aws:sqs:us-east-1:000000000000:dead.fifo"}, caller_)
          .ok());
  clock_->Advance(absl::Hours(1));
  ASSERT_TRUE(engine_.Call(TagQueueRequest{url, {{"a", "b"}}}, caller_).ok());
  ASSERT_TRUE(engine_.Call(UntagQueueRequest{url, {"a"}}, caller_).ok());
  ASSERT_TRUE(engine_.Call(SetQueueAttributesRequest{url, {{"DelaySeconds", "1"}}}, caller_).ok());
  ASSERT_TRUE(engine_.Call(DeleteMessageRequest{url, handle}, caller_).ok());
  ASSERT_TRUE(engine_.Call(PurgeQueueRequest{url}, caller_).ok());
  const std::string plain = Create("plain");
  Send(plain, "b");
  engine_.Undeliver({Receive(plain).messages.at(0).receipt_handle});
  const HandleText plain_handle = Receive(plain).messages.at(0).receipt_handle;
  ASSERT_TRUE(engine_.Call(DeleteMessageRequest{plain, plain_handle}, caller_).ok());
  ASSERT_TRUE(engine_.Call(DeleteQueueRequest{url}, caller_).ok());

  std::vector<std::string> missing = {"QueueCreated",      "Undelivered", "QueueDeleted",     "QueuePurged",
                                      "QueueConfigured",   "QueueTagged", "QueueUntagged",    "Sent",
                                      "SentDuplicate",     "Received",    "ReceiveAttempted", "Deleted",
                                      "DeleteIgnored",     "Expired",     "ReceivedNothing",  "Moved",
                                      "VisibilityChanged", "Redriven",    "MoveTaskStarted",  "MoveTaskChanged"};
  const Json history = Get("/_localsqs/history");
  for (const Json& effect : history["effects"]) {
    EXPECT_TRUE(effect["details"].is_object()) << effect;
    std::erase(missing, effect["kind"].get<std::string>());
  }
  EXPECT_THAT(missing, IsEmpty());
  const Json sent = Get("/_localsqs/history?kind=Sent&limit=1")["effects"][0]["details"];
  EXPECT_EQ(sent["message_attributes"].dump(),
            R"({"Color":{"StringValue":"red","DataType":"String"},"Bits":{"BinaryValue":"AP8=","DataType":"Binary"}})");
  EXPECT_EQ(sent["message_group_id"], "g");
  const Json moved = Get("/_localsqs/history?kind=Moved")["effects"][0]["details"];
  EXPECT_EQ(moved["to_queue"], "dead.fifo");
  EXPECT_EQ(moved["to_queue_number"], 1);
  const Json changed = Get("/_localsqs/history?kind=MoveTaskChanged")["effects"][0]["details"];
  EXPECT_EQ(changed["status"], "COMPLETED");
}

TEST_F(ControlTest, HistoryIsReadOnFromAMark) {
  const std::string url = Create("orders");
  for (int i = 0; i < 4; ++i) Send(url, absl::StrCat(i));
  Json page = Get("/_localsqs/history?since=1&limit=3");
  EXPECT_EQ(page["next"], 4);
  EXPECT_EQ(page["count"], 5);
  EXPECT_EQ(page["effects"][0]["number"], 1);
  page = Get("/_localsqs/history?since=4&limit=3");
  EXPECT_EQ(page["next"], 5);
  EXPECT_EQ(page["effects"].size(), 1u);
  for (const char* beyond : {"5", "6", "18446744073709551615"}) {
    page = Get(absl::StrCat("/_localsqs/history?since=", beyond));
    EXPECT_THAT(page["effects"], IsEmpty());
    EXPECT_EQ(page["next"], 5);
  }
}

TEST_F(ControlTest, HistoryIsFiltered) {
  const std::string url = Create("orders");
  Send(url, "a");
  Receive(url);
  caller_ = {"111111111111", "eu-west-1", ""};
  const std::string other = Create("orders");
  Send(other, "b");
  const auto kinds = [this](const std::string& query) {
    return Column(Get(absl::StrCat("/_localsqs/history?", query))["effects"], "kind");
  };
  EXPECT_THAT(kinds("kind=Sent"), ElementsAre("Sent", "Sent"));
  EXPECT_THAT(kinds("kind=Sent&limit=1"), ElementsAre("Sent"));
  EXPECT_EQ(Get("/_localsqs/history?kind=Sent&limit=1")["next"], 2);
  EXPECT_EQ(kinds("queue=orders").size(), 5u);
  EXPECT_THAT(kinds("queue=arn:aws:sqs:eu-west-1:111111111111:orders"), ElementsAre("QueueCreated", "Sent"));
  EXPECT_THAT(kinds("queue=arn%3Aaws%3Asqs%3Aus-east-1%3A111111111111%3Aorders"), IsEmpty());
  EXPECT_THAT(kinds(absl::StrCat("queue=", url)), ElementsAre("QueueCreated", "Sent", "Received"));
  EXPECT_THAT(kinds("queue=&kind=&limit=2"), ElementsAre("QueueCreated", "Sent"));
  const std::string id = Get("/_localsqs/history?kind=Received")["effects"][0]["message_id"];
  EXPECT_THAT(kinds(absl::StrCat("message_id=", id)), ElementsAre("Sent", "Received"));
  EXPECT_THAT(kinds("message_id=none"), IsEmpty());
}

TEST_F(ControlTest, HistoryStartsWhereItReachesBackTo) {
  Engine engine({.clock = clock_, .seed = 7, .history = {.effects_max = 3}});
  Control control(engine, counters_);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(engine.Call(CreateQueueRequest{absl::StrCat("q", i), {}, {}}, caller_).ok());
  const Json page = AskOf(control, "GET", "/_localsqs/history");
  EXPECT_EQ(page["effects"][0]["number"], 7);
  EXPECT_EQ(page["next"], 10);

  Engine forgetful({.clock = clock_, .seed = 7});
  Control of_forgetful(forgetful, counters_);
  ASSERT_TRUE(forgetful.Call(CreateQueueRequest{"q", {}, {}}, caller_).ok());
  EXPECT_EQ(AskOf(of_forgetful, "GET", "/_localsqs/history").dump(), R"({"effects":[],"next":1,"count":1})");
}

TEST_F(ControlTest, APageOfHistoryHasLimitsOfItsOwn) {
  const std::string url = Create("orders");
  const std::string body(1024 * 1024, 'x');
  for (int i = 0; i < 10; ++i) Send(url, body);
  Json page = Get("/_localsqs/history?kind=Sent");
  EXPECT_EQ(page["effects"].size(), 9u);
  EXPECT_EQ(page["next"], 10);
  EXPECT_EQ(page["count"], 11);
  page = Get("/_localsqs/history?kind=Sent&since=10");
  EXPECT_EQ(page["effects"].size(), 1u);
  EXPECT_EQ(page["next"], 11);
}

TEST_F(ControlTest, MoreThanIsCopiedAtOnceIsOnePage) {
  const std::string url = Create("orders");
  for (int i = 0; i < 2500; ++i) Send(url, "a");
  Send(url, "b", 1);
  Json page = Get("/_localsqs/history?limit=2400");
  EXPECT_EQ(page["effects"].size(), 2400u);
  EXPECT_EQ(page["next"], 2400);
  page = Get("/_localsqs/history?kind=QueueDeleted");
  EXPECT_THAT(page["effects"], IsEmpty());
  EXPECT_EQ(page["next"], 2502);
}

TEST_F(ControlTest, RefusesBadQueriesOfHistory) {
  for (const char* query : {"since=-1", "since=x", "since=1.5", "since=18446744073709551616", "limit=0", "limit=10001",
                            "limit=all", "kind=sent", "kind=Nothing"}) {
    EXPECT_NE(Refused(400, "GET", absl::StrCat("/_localsqs/history?", query)), "") << query;
  }
}

// --- Queues ---------------------------------------------------------------------------------------------------------

TEST_F(ControlTest, QueuesWithTheirCounts) {
  Create("dead");
  const std::string url = Create("orders", {{"RedrivePolicy", R"({"deadLetterTargetArn":)"
                                                              R"("arn:aws:sqs:us-east-1:000000000000:dead",)"
                                                              R"("maxReceiveCount":3})"}});
  for (int i = 0; i < 3; ++i) Send(url, "a");
  Send(url, "b", 60);
  Receive(url);
  const Json queues = Get("/_localsqs/queues")["queues"];
  EXPECT_THAT(Column(queues, "name"), ElementsAre("dead", "orders"));
  EXPECT_EQ(queues[1].dump(),
            R"({"name":"orders","account":"000000000000","region":"us-east-1",)"
            R"("arn":"arn:aws:sqs:us-east-1:000000000000:orders","fifo":false,"created_at":"2026-01-01T00:00:00.000Z",)"
            R"("messages":{"visible":2,"in_flight":1,"delayed":1},)"
            R"("dead_letter":{"target_arn":"arn:aws:sqs:us-east-1:000000000000:dead","max_receive_count":3}})");
  EXPECT_TRUE(queues[0]["dead_letter"].is_null());
  EXPECT_EQ(Get(kOrders), queues[1]);
}

TEST_F(ControlTest, ALookChangesNothing) {
  const std::string url = Create("orders");
  Send(url, "a");
  Send(url, "b", 60);
  Receive(url);
  const std::string before = engine_.Dump();
  const uint64_t effects = engine_.effect_count();
  Get(kMessages);
  Get("/_localsqs/queues");
  EXPECT_EQ(engine_.Dump(), before);
  EXPECT_EQ(engine_.effect_count(), effects);
}

TEST_F(ControlTest, LooksIntoAQueue) {
  const std::string url = Create("orders");
  Send(url, "visible");
  clock_->Advance(absl::Seconds(1));
  Send(url, "delayed", 60);
  clock_->Advance(absl::Seconds(1));
  EXPECT_EQ(Receive(url).messages.at(0).body, "visible");
  Send(url, "later");
  const Json page = Get(kMessages);
  const Json& messages = page["messages"];
  EXPECT_THAT(Column(messages, "body"), ElementsAre("visible", "delayed", "later"));
  EXPECT_THAT(Column(messages, "state"), ElementsAre("in_flight", "delayed", "visible"));
  EXPECT_TRUE(page["next"].is_null());
  EXPECT_EQ(page["queue"]["messages"]["in_flight"], 1);

  Json first = messages[0];
  EXPECT_EQ(first["message_id"].get<std::string>().size(), 36u);
  first.erase("message_id");
  EXPECT_EQ(first.dump(),
            R"({"sequence":0,"state":"in_flight","body":"visible","body_is_base64":false,"attributes":)"
            R"({"SenderId":"000000000000","SentTimestamp":"1767225600000","ApproximateReceiveCount":"1",)"
            R"("ApproximateFirstReceiveTimestamp":"1767225602000"},"message_attributes":{},"receive_count":1,)"
            R"("receives_in_this_queue":1,"sent_at":"2026-01-01T00:00:00.000Z",)"
            R"("expires_at":"2026-01-05T00:00:00.000Z","visible_at":"2026-01-01T00:00:32.000Z","group_id":null,)"
            R"("deduplication_id":null,"dead_letter_source_arn":null})");
  EXPECT_EQ(messages[1]["visible_at"], "2026-01-01T00:01:01.000Z");
  EXPECT_TRUE(messages[2]["visible_at"].is_null());
  EXPECT_FALSE(messages[2]["attributes"].contains("ApproximateFirstReceiveTimestamp"));

  EXPECT_THAT(Column(Get(absl::StrCat(kMessages, "?state=visible"))["messages"], "body"), ElementsAre("later"));
  EXPECT_THAT(Column(Get(absl::StrCat(kMessages, "?state=in_flight"))["messages"], "body"), ElementsAre("visible"));
  EXPECT_THAT(Column(Get(absl::StrCat(kMessages, "?state=delayed"))["messages"], "body"), ElementsAre("delayed"));
  // A visibility timeout that has ended is seen as ended.
  clock_->Advance(absl::Seconds(30));
  EXPECT_THAT(Get(absl::StrCat(kMessages, "?state=in_flight"))["messages"], IsEmpty());
}

TEST_F(ControlTest, LooksIntoAFifoQueueAndItsDeadLetterQueue) {
  Create("dead.fifo", {{"FifoQueue", "true"}});
  const std::string url = Create("work.fifo", {{"FifoQueue", "true"},
                                               {"VisibilityTimeout", "1"},
                                               {"RedrivePolicy", R"({"deadLetterTargetArn":)"
                                                                 R"("arn:aws:sqs:us-east-1:000000000000:dead.fifo",)"
                                                                 R"("maxReceiveCount":1})"}});
  SendMessageRequest send{.queue_url = url, .message = {.message_body = "a"}};
  send.message.message_group_id = "g";
  send.message.message_deduplication_id = "d";
  ASSERT_TRUE(engine_.Call(send, caller_).ok());
  const Json message = Get("/_localsqs/queues/us-east-1/000000000000/work.fifo/messages")["messages"][0];
  EXPECT_EQ(message["group_id"], "g");
  EXPECT_EQ(message["deduplication_id"], "d");
  EXPECT_EQ(message["attributes"]["SequenceNumber"], "18800000000000000000");
  EXPECT_EQ(message["attributes"]["MessageGroupId"], "g");

  Receive(url);
  clock_->Advance(absl::Seconds(1));
  Receive(url);
  const Json dead = Get("/_localsqs/queues/us-east-1/000000000000/dead%2Efifo/messages")["messages"][0];
  EXPECT_EQ(dead["message_id"], message["message_id"]);
  EXPECT_EQ(dead["dead_letter_source_arn"], "arn:aws:sqs:us-east-1:000000000000:work.fifo");
  EXPECT_EQ(dead["attributes"]["DeadLetterQueueSourceArn"], dead["dead_letter_source_arn"]);
  EXPECT_EQ(dead["receive_count"], 1);
  EXPECT_EQ(dead["receives_in_this_queue"], 0);
}

TEST_F(ControlTest, ALookIsPagedByCursor) {
  const std::string url = Create("orders");
  for (int i = 0; i < 7; ++i) Send(url, absl::StrCat(i));
  // Slots are used again, so that the table is not in order of arrival.
  for (const ReceivedMessage& message : Receive(url, 0, 3).messages) {
    ASSERT_TRUE(engine_.Call(DeleteMessageRequest{url, message.receipt_handle}, caller_).ok());
  }
  for (int i = 7; i < 10; ++i) Send(url, absl::StrCat(i));

  std::vector<std::string> bodies;
  std::string target = absl::StrCat(kMessages, "?limit=3");
  for (int pages = 1;; ++pages) {
    const Json page = Get(target);
    for (const std::string& body : Column(page["messages"], "body")) bodies.push_back(body);
    if (page["next"].is_null()) {
      EXPECT_EQ(pages, 3);
      break;
    }
    target = absl::StrCat(kMessages, "?limit=3&cursor=", page["next"].get<uint64_t>());
  }
  EXPECT_THAT(bodies, ElementsAre("3", "4", "5", "6", "7", "8", "9"));
  EXPECT_THAT(Get(absl::StrCat(kMessages, "?cursor=99"))["messages"], IsEmpty());
}

TEST_F(ControlTest, APageOfMessagesHasALimitOfItsOwn) {
  const std::string url = Create("orders");
  const std::string body(1024 * 1024, 'x');
  for (int i = 0; i < 10; ++i) Send(url, body);
  const Json page = Get(kMessages);
  EXPECT_EQ(page["messages"].size(), 9u);
  EXPECT_EQ(page["next"], 9);
}

TEST_F(ControlTest, RefusesBadLooks) {
  EXPECT_EQ(Refused(404, "GET", kOrders), "no such queue");
  EXPECT_EQ(Refused(404, "GET", kMessages), "no such queue");
  Create("orders");
  Refused(404, "GET", "/_localsqs/queues/eu-west-1/000000000000/orders/messages");
  for (const char* query :
       {"state=gone", "state=Visible", "limit=0", "limit=1001", "limit=x", "cursor=-1", "cursor=x"}) {
    EXPECT_NE(Refused(400, "GET", absl::StrCat(kMessages, "?", query)), "") << query;
  }
}

}  // namespace
}  // namespace sqs::server

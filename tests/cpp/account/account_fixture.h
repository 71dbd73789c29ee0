// A set of queues and a caller for tests of the handlers, on a clock that the test moves.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "account/accounts.h"
#include "account/queue_address.h"
#include "api/errors.h"
#include "gtest/gtest.h"

namespace sqs {

// "<query code> <text>", or "OK".
inline std::string ErrorOf(const absl::Status& status) {
  return status.ok() ? "OK" : absl::StrCat(InfoOf(status).query_code, " ", status.message());
}
template <class T>
std::string ErrorOf(const absl::StatusOr<T>& result) {
  return ErrorOf(result.status());
}

inline std::string InvalidParameterText(const std::string& value, const std::string& parameter,
                                        const std::string& reason) {
  return absl::StrCat("InvalidParameterValue Value ", value, " for parameter ", parameter,
                      " is invalid. Reason: ", reason);
}

class AccountTest : public testing::Test {
 protected:
  explicit AccountTest(Accounts::Options options = {.seed = 1}) : accounts_(options) {}

  template <class Request>
  auto Call(const Request& request) {
    return accounts_.Handle(request, CallContext{now_, caller_});
  }

  void Advance(absl::Duration time) {
    now_ += time;
    accounts_.AdvanceTo(now_);
  }

  std::string CreateQueue(const std::string& name, const StringMap& attributes = {}) {
    const auto created = Call(CreateQueueRequest{name, attributes, {}});
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? created->queue_url : "";
  }
  std::string CreateFifoQueue(const std::string& name, StringMap attributes = {}) {
    attributes.emplace_back("FifoQueue", "true");
    return CreateQueue(name, attributes);
  }

  std::string SetAttributes(const std::string& url, const StringMap& attributes) {
    return ErrorOf(Call(SetQueueAttributesRequest{url, attributes}));
  }

  StringMap GetAttributes(const std::string& url, const StringList& names = {"All"}) {
    const auto got = Call(GetQueueAttributesRequest{url, names});
    EXPECT_TRUE(got.ok()) << got.status();
    return got.ok() ? got->attributes : StringMap();
  }

  // The value of one attribute, or "-" if the answer leaves it out.
  std::string GetAttribute(const std::string& url, const std::string& name) {
    const StringMap attributes = GetAttributes(url, {name});
    return attributes.empty() ? "-" : attributes.front().second;
  }

  std::string Arn(const std::string& name) const {
    return MakeQueueArn(QueueName{caller_.region, caller_.account, name});
  }

  absl::Time now_ = absl::FromUnixSeconds(1767225600);  // 2026-01-01T00:00:00Z
  Caller caller_;
  Accounts accounts_;
};

}  // namespace sqs

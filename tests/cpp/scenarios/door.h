// A way into an engine: the scenarios know no other. tests/python/scenario_runner.py has the same for Python.
#pragma once

#include <string>

#include "scenarios/value.h"

namespace sqs::scenarios {

struct ScenarioCaller {
  std::string account = "000000000000";
  std::string region = "us-east-1";
};

// What came back: a result, or the four things that every face shows of an error.
struct Answer {
  bool ok = true;
  bool is_void = false;  // The operation answers nothing.
  Value result = Value::Map();

  std::string shape;
  std::string query_code;
  int http_status = 200;
  std::string text;
};

class Door {
 public:
  virtual ~Door() = default;

  // `parameters` is a map of members of the operation's input.
  virtual Answer Call(const std::string& operation, const Value& parameters, const ScenarioCaller& caller) = 0;
  virtual std::string QueueUrl(const ScenarioCaller& owner, const std::string& name) = 0;
  // The inverse of QueueUrl: "name", "account/name" or "region/account/name", as short as `caller` allows.
  virtual std::string QueueName(const std::string& url, const ScenarioCaller& caller) = 0;

  virtual void SetFaults(const Value& faults) = 0;  // Options not named are off.
  virtual void Advance(double seconds) = 0;
  virtual double SecondsSinceStart() = 0;
};

}  // namespace sqs::scenarios

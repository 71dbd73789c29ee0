#include "scenarios/engine_door.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "account/faults.h"
#include "api/errors.h"
#include "api/operations.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "scenarios/answer_text.h"

namespace sqs::scenarios {
namespace {

int64_t Integer(const Value& value) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(value.text, &number)) throw std::runtime_error("not an integer: " + value.text);
  return number;
}

bool Boolean(const Value& value) { return value.text == "true"; }

// --- Parameters -> request -------------------------------------------------------------------------------------------

template <class Struct>
void ReadStruct(const Value& map, Struct* target);

void Read(const Value& value, std::string* target) { *target = value.text; }
void Read(const Value& value, Text* target) { *target = value.text; }
void Read(const Value& value, int64_t* target) { *target = Integer(value); }
void Read(const Value& value, Blob* target) { target->bytes = value.text; }
void Read(const Value& value, StringMap* target) {
  for (const auto& [key, item] : value.members) target->emplace_back(key, item.text);
}
void Read(const Value& value, AttributeValueMap* target) {
  for (const auto& [key, item] : value.members) {
    target->emplace_back(key, AttributeValue());
    ReadStruct(item, &target->back().second);
  }
}
template <class Struct>
void Read(const Value& value, Struct* target) {
  ReadStruct(value, target);
}
template <class Item>
void Read(const Value& value, std::vector<Item>* target) {
  for (const Value& item : value.items) Read(item, &target->emplace_back());
}
template <class T>
void Read(const Value& value, std::optional<T>* target) {
  Read(value, &target->emplace());
}

struct Reader {
  const Value& map;
  std::set<std::string> known;

  template <class T>
  void operator()(const FieldInfo& info, T& field) {
    known.insert(info.name);
    if (const Value* value = map.Find(info.name)) Read(*value, &field);
  }
};

template <class Struct>
void ReadStruct(const Value& map, Struct* target) {
  Reader reader{map, {}};
  Struct::Fields(reader, *target);
  for (const auto& [key, value] : map.members) {
    if (reader.known.count(key) == 0) throw std::runtime_error("unknown parameter: " + key);
  }
}

// --- Result -> answer: what is empty is left out, as on the wire (1.3) -----------------------------------------------

struct Writer {
  Value map = Value::Map();

  void Add(const FieldInfo& info, Value value) { map.members.emplace_back(info.name, std::move(value)); }

  void operator()(const FieldInfo& info, const std::string& field) {
    if (!field.empty() || std::string(info.name) == "Body") Add(info, Value::Text(field));
  }
  template <size_t kMax>
  void operator()(const FieldInfo& info, const ShortText<kMax>& field) {
    (*this)(info, std::string(field));
  }
  void operator()(const FieldInfo& info, const Text& field) { (*this)(info, std::string(field)); }
  void operator()(const FieldInfo& info, int64_t field) { Add(info, Value::Text(std::to_string(field))); }
  void operator()(const FieldInfo& info, bool field) { Add(info, Value::Text(field ? "true" : "false")); }
  void operator()(const FieldInfo& info, const Blob& field) { Add(info, Value::Bytes(field.bytes)); }
  void operator()(const FieldInfo& info, const StringMap& field) {
    if (field.empty()) return;
    Value value = Value::Map();
    for (const auto& [key, text] : field) value.members.emplace_back(key, Value::Text(text));
    Add(info, std::move(value));
  }
  void operator()(const FieldInfo& info, const AttributeValueMap& field) {
    if (field.empty()) return;
    Value value = Value::Map();
    for (const auto& [key, attribute] : field) value.members.emplace_back(key, Write(attribute));
    Add(info, std::move(value));
  }
  template <class Item>
  void operator()(const FieldInfo& info, const std::vector<Item>& field) {
    if (field.empty()) return;
    Value value = Value::List();
    for (const Item& item : field) value.items.push_back(WriteItem(item));
    Add(info, std::move(value));
  }
  template <class T>
  void operator()(const FieldInfo& info, const std::optional<T>& field) {
    if (!field.has_value()) return;
    if constexpr (std::is_same_v<T, std::string>) {
      Add(info, Value::Text(*field));
    } else {
      (*this)(info, *field);
    }
  }

  template <class Struct>
  static Value Write(const Struct& source) {
    Writer writer;
    Struct::Fields(writer, source);
    return std::move(writer.map);
  }
  static Value WriteItem(const std::string& item) { return Value::Text(item); }
  static Value WriteItem(const Blob& item) { return Value::Bytes(item.bytes); }
  template <class Struct>
  static Value WriteItem(const Struct& item) {
    return Write(item);
  }
};

// ---------------------------------------------------------------------------------------------------------------------

Answer ErrorAnswer(const absl::Status& status) {
  const ErrorInfo& info = InfoOf(status);
  Answer answer;
  answer.ok = false;
  answer.shape = info.shape;
  answer.query_code = info.query_code;
  answer.http_status = info.http_status;
  answer.text = std::string(status.message());
  return answer;
}

template <class Request>
Answer CallWith(Engine& engine, const Value& parameters, const Caller& caller) {
  using Result = typename OperationOf<Request>::Result;
  Request request;
  ReadStruct(parameters, &request);
  absl::StatusOr<Result> result = engine.Call(request, caller);
  if (!result.ok()) return ErrorAnswer(result.status());
  Answer answer;
  answer.is_void = std::is_same_v<Result, Void>;
  answer.result = Writer::Write(*result);
  return answer;
}

using CallFunction = Answer (*)(Engine&, const Value&, const Caller&);

const std::map<std::string, CallFunction>& Calls() {
  static const auto* calls = new std::map<std::string, CallFunction>{
#define SQS_SCENARIO_CALL(Name, who) {#Name, &CallWith<Name##Request>},
      SQS_OPERATIONS(SQS_SCENARIO_CALL)
#undef SQS_SCENARIO_CALL
  };
  return *calls;
}

class EngineDoor : public Door {
 public:
  EngineDoor(std::shared_ptr<ManualClock> clock, Engine::Options options)
      : clock_(std::move(clock)), engine_(std::move(options)) {}

  Answer Call(const std::string& operation, const Value& parameters, const ScenarioCaller& caller) override {
    auto call = Calls().find(operation);
    if (call == Calls().end()) throw std::runtime_error("no such operation or command: " + operation);
    return call->second(engine_, parameters,
                        Caller{.account = caller.account, .region = caller.region, .url_base = {}});
  }

  std::string QueueUrl(const ScenarioCaller& owner, const std::string& name) override {
    return "https://sqs." + owner.region + ".amazonaws.com/" + owner.account + "/" + name;
  }

  std::string QueueName(const std::string& url, const ScenarioCaller& caller) override {
    std::string own = QueueUrl(caller, "");
    if (url.compare(0, own.size(), own) == 0) return url.substr(own.size());
    std::string start = "https://sqs.", middle = ".amazonaws.com/";
    size_t dot = url.find(middle);
    if (url.compare(0, start.size(), start) != 0 || dot == std::string::npos) return url;
    std::string region = url.substr(start.size(), dot - start.size());
    std::string path = url.substr(dot + middle.size());
    return region == caller.region ? path : region + "/" + path;
  }

  void SetFaults(const Value& faults) override {
    FaultOptions options;
    for (const auto& [name, value] : faults.members) {
      double number = std::stod(value.text == "true" ? "1" : value.text);
      if (name == "duplicate")
        options.duplicate = number;
      else if (name == "reorder")
        options.reorder = number;
      else if (name == "sample")
        options.sample = number;
      else if (name == "forget_delete")
        options.forget_delete = number;
      else if (name == "throttle")
        options.throttle = number;
      else if (name == "in_flight_max")
        options.in_flight_max = static_cast<int>(number);
      else if (name == "fifo_quotas")
        options.fifo_quotas = number != 0;
      else if (name == "latency_seconds")
        options.latency_seconds = number;
      else
        throw std::runtime_error("no such fault: " + name);
    }
    engine_.set_faults(options);
  }

  void Advance(double seconds) override { clock_->Advance(absl::Seconds(seconds)); }
  double SecondsSinceStart() override {
    return absl::ToDoubleSeconds(clock_->Now() - absl::FromUnixMillis(kStartMilliseconds));
  }

 private:
  std::shared_ptr<ManualClock> clock_;
  Engine engine_;
};

}  // namespace

std::unique_ptr<Door> MakeEngineDoor(const Value& options) {
  Engine::Options engine;
  engine.seed = 7;
  for (const auto& [name, value] : options.members) {
    if (name == "seed")
      engine.seed = static_cast<uint64_t>(Integer(value));
    else if (name == "strict")
      engine.strict = Boolean(value);
    else if (name == "enforce_policies")
      engine.enforce_policies = Boolean(value);
    else if (name == "in_flight_limit")
      engine.in_flight_max = static_cast<int>(Integer(value));
    else
      throw std::runtime_error("no such engine option: " + name);
  }
  auto clock = std::make_shared<ManualClock>(absl::FromUnixMillis(kStartMilliseconds));
  engine.clock = clock;
  return std::make_unique<EngineDoor>(std::move(clock), std::move(engine));
}

}  // namespace sqs::scenarios

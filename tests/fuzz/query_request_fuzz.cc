// AWS Query, GET and POST, every operation: what is read survives being written as a form and read again.
//
// The first line is the method, the second the target, the rest the body.
#include "structs.h"
#include "wire/protocol.h"

namespace sqs::fuzz {
namespace {

constexpr char kForm[] = "application/x-www-form-urlencoded";

template <class Struct>
void ReadWriteRead(const wire::Exchange& exchange, Struct first) {
  wire::JsonReader json;
  const absl::Status status = exchange.Read(&json, &first);
  if (!status.ok()) return CheckRefusal(status);

  const std::string form = FormWriter::Write(kOperationNames[static_cast<int>(exchange.operation())], first);
  const wire::Request request{.method = "POST", .target = "/", .content_type = kForm, .body = form};
  const wire::Exchange again(request);
  FUZZ_CHECK(again.error().ok());
  FUZZ_CHECK(again.operation() == exchange.operation());
  Struct second;
  const absl::Status status_again = again.Read(&json, &second);
  if (!status_again.ok()) Fail(__FILE__, __LINE__, "what was written can be read", form + status_again.ToString());
  FUZZ_EQ(Describer::Describe(second), Describer::Describe(first));
}

}  // namespace

void Run(absl::string_view input) {
  wire::Request request;
  request.method = TakeLine(&input);
  request.target = TakeLine(&input);
  if (request.method == "POST") request.content_type = kForm;
  request.body = input;
  const wire::Exchange exchange(request);
  FUZZ_CHECK(exchange.protocol() == wire::Protocol::kQuery);
  if (!exchange.error().ok()) return CheckRefusal(exchange.error());
  WithRequestOf(exchange.operation(), [&exchange](auto empty) { ReadWriteRead(exchange, std::move(empty)); });
}

}  // namespace sqs::fuzz

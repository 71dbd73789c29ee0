// AWS JSON bodies, every operation: what is read survives being written and read again; what is not is refused by name.
//
// The first line names the operation, the rest is the body.
#include <nlohmann/json.hpp>

#include "structs.h"
#include "wire/json_answer.h"
#include "wire/json_request.h"

namespace sqs::fuzz {
namespace {

// The body with no byte too many behind it: AddressSanitizer sees a read beyond the padding.
template <class Request>
absl::Status ReadBody(absl::string_view body, Request* request) {
  std::vector<char> padded(body.size() + simdjson::SIMDJSON_PADDING, '\0');
  std::copy(body.begin(), body.end(), padded.begin());
  wire::JsonReader reader;
  const absl::Status status = reader.Read(absl::string_view(padded.data(), body.size()), request);
  *request = Request(*request);  // A copy owns its texts; the reader ends here.
  return status;
}

template <class Request>
void ReadWriteRead(absl::string_view body) {
  Request first;
  const absl::Status status = ReadBody(body, &first);
  if (!status.ok()) return CheckRefusal(status);

  std::string written;
  wire::JsonWriter(&written).Write(first);
  FUZZ_CHECK(nlohmann::json::accept(written));
  Request second;
  const absl::Status again = ReadBody(written, &second);
  if (!again.ok()) Fail(__FILE__, __LINE__, "what was written can be read", written + "\n" + again.ToString());
  FUZZ_EQ(Describer::Describe(second), Describer::Describe(first));
}

}  // namespace

void Run(absl::string_view input) {
  const absl::string_view name = TakeLine(&input);
  for (int i = 0; i < kOperationCount; ++i) {
    if (name != kOperationNames[i]) continue;
    WithRequestOf(static_cast<Operation>(i), [input](auto request) { ReadWriteRead<decltype(request)>(input); });
    return;
  }
  ReadWriteRead<SendMessageBatchRequest>(input);  // It has everything that others have.
}

}  // namespace sqs::fuzz

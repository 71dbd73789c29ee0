// How a struct of the API describes its own fields, once, for every codec.
//
// Each request, result and effect has a static `Fields(visitor, self)` that calls the visitor with each field in the
// order of the service model. Codecs (Python values, JSON, Query, unknown-parameter checks, stubs, documents) are
// visitors; none of them names an operation.
//
//   struct DeleteMessageRequest {
//     Text queue_url;
//     Text receipt_handle;
//     template <class V, class S> static void Fields(V& v, S& s) {
//       v(FieldInfo{"QueueUrl", kRequired}, s.queue_url);
//       v(FieldInfo{"ReceiptHandle", kRequired}, s.receipt_handle);
//     }
//   };
//
// The C++ types a field may have, and what they are on the wire:
//   std::string, std::optional<std::string>        string ("" and absent are the same for the former)
//   Text                                           the same, of a request, which a codec may let it borrow
//   ShortText<...>                                 the same, of a result: plain characters, which need no escape
//   int64_t, std::optional<int64_t>                integer
//   bool                                           boolean
//   Blob, std::optional<Blob>                      bytes (base64 in JSON and Query)
//   StringList, StringMap                          list of strings, map of strings (order kept)
//   std::vector<Struct>, std::optional<...>        list of structures
//   AttributeValueMap                              map of message attribute values (order kept)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sqs {

enum Requirement : bool { kOptional = false, kRequired = true };

struct FieldInfo {
  // Member name in JSON and in boto3.
  const char* name;
  // Listed as required in the service model: botocore refuses a call without it.
  Requirement requirement = kOptional;
  // Name in Query, where the list or map is flattened: "Attribute" for Attributes. Null: same as `name`.
  const char* query_name = nullptr;
  // For maps in Query, the names of key and value below the number: Attribute.1.Name, Tag.1.Key.
  const char* query_key = "Name";

  const char* QueryName() const { return query_name != nullptr ? query_name : name; }
};

// Bytes that are no text. A type of its own, so that codecs tell it from a string.
struct Blob {
  std::string bytes;
  friend bool operator==(const Blob&, const Blob&) = default;
};

using StringList = std::vector<std::string>;
using StringMap = std::vector<std::pair<std::string, std::string>>;

}  // namespace sqs

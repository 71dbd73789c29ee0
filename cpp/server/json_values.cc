#include "server/json_values.h"

#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "base/utf8.h"

namespace sqs::server {
namespace {

// A visitor of AttributeValue's Fields: what is set, by its AWS name.
class AttributeVisitor {
 public:
  explicit AttributeVisitor(Json* json) : json_(*json) {}

  void operator()(const FieldInfo& field, const std::string& text) { json_[field.name] = text; }
  void operator()(const FieldInfo& field, const std::optional<std::string>& text) {
    if (text.has_value()) json_[field.name] = *text;
  }
  void operator()(const FieldInfo& field, const std::optional<Blob>& blob) {
    if (blob.has_value()) json_[field.name] = absl::Base64Escape(blob->bytes);
  }
  // Lists are refused when a message is sent: no kept attribute has one.
  template <class T>
  void operator()(const FieldInfo&, const std::vector<T>&) {}

 private:
  Json& json_;
};

}  // namespace

Json JsonText(absl::string_view text) { return std::string(text); }

Json JsonTextOrNull(absl::string_view text) { return text.empty() ? Json() : JsonText(text); }

Json JsonTime(absl::Time at) {
  if (at == absl::InfiniteFuture() || at == absl::InfinitePast()) return Json();
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", at, absl::UTCTimeZone());
}

Json JsonAttributes(const AttributeValueMap& attributes) {
  Json json = Json::object();
  for (const auto& [name, value] : attributes) {
    Json entry = Json::object();
    AttributeVisitor visitor(&entry);
    AttributeValue::Fields(visitor, value);
    json[name] = std::move(entry);
  }
  return json;
}

bool IsUtf8(absl::string_view text) { return CountCodePoints(text) >= 0; }

}  // namespace sqs::server

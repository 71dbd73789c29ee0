// Effects: effects of an engine as Python rows. localsqs.history makes a History of them.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "account/queue_address.h"
#include "api/attributes.h"
#include "api/effect_details.h"
#include "binding/effect_list.h"
#include "binding/member_names.h"
#include "binding/register.h"
#include "binding/to_python.h"

namespace py = pybind11;

namespace sqs::binding {
namespace {

py::object Owned(PyObject* value) {
  if (value == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(value);
}

py::object TextOf(absl::string_view text) { return Owned(NewText(text)); }

// Puts what an effect says into a dict. Instants are integers, their names end in "_ns".
class DetailsVisitor {
 public:
  explicit DetailsVisitor(const QueueNames& names) : names_(names) {}

  void operator()(const char* name, absl::Time at) {
    details[py::str(std::string(name) + "_ns")] = absl::ToUnixNanos(at);
  }
  void operator()(const char* name, bool value) { details[name] = value; }
  void operator()(const char* name, uint32_t value) { details[name] = value; }
  void operator()(const char* name, uint64_t value) { details[name] = value; }
  void operator()(const char* name, int64_t value) { details[name] = value; }
  void operator()(const char* name, std::optional<int64_t> value) { details[name] = value; }
  void operator()(const char* name, const std::string& value) { details[name] = TextOf(value); }
  void operator()(const char* name, MoveTaskStatus value) { details[name] = NameOf(value); }
  void operator()(const char* name, const Uuid& value) { details[name] = value.ToString(); }
  // The queue's name, and its number, which no other queue ever has. None: no queue.
  void operator()(const char* name, QueueReference value) {
    const auto known = names_.find(value.number);
    const QueueName* queue = known == names_.end() ? nullptr : known->second.get();
    details[name] = queue == nullptr ? py::object(py::none()) : TextOf(queue->name);
    details[py::str(std::string(name) + "_number")] =
        value.number == 0 ? py::object(py::none()) : py::int_(value.number);
  }
  void operator()(const char* name, const SipHashKey& key) { details[name] = py::make_tuple(key[0], key[1]); }

  void operator()(const char* name, const StringList& list) {
    py::list texts;
    for (const std::string& text : list) texts.append(TextOf(text));
    details[name] = texts;
  }
  void operator()(const char* name, const StringMap& map) {
    py::dict texts;
    for (const auto& [key, value] : map) texts[TextOf(key)] = TextOf(value);
    details[name] = texts;
  }
  void operator()(const char* name, const MessagePlace& place) {
    details[name] = py::make_tuple(place.slot, place.sequence);
  }
  void operator()(const char* name, const std::vector<MessagePlace>& places) {
    py::list list;
    for (const MessagePlace& place : places) list.append(py::make_tuple(place.slot, place.sequence));
    details[name] = list;
  }

  void operator()(const char* name, const QueueConfig& config) {
    py::dict attributes;
    for (const AttributeInfo& info : AllAttributes()) {
      if (info.access == AttributeAccess::kReadOnly) continue;
      const std::optional<std::string> text = AttributeText(info, config, {});
      if (text.has_value()) attributes[info.name] = TextOf(*text);
    }
    details[name] = attributes;
  }

  void operator()(const char* name, const AttributeValueMap& attributes) {
    py::dict dict;
    for (const auto& [key, value] : attributes) dict[TextOf(key)] = Owned(ToPython::NewDict(value));
    details[name] = dict;
  }
  void operator()(const char*, const Payload& payload) { DescribeMessage(*this, payload); }
  void Body(const char* name, absl::string_view body) { details[name] = TextOf(body); }

  py::dict details;

 private:
  const QueueNames& names_;
};

// With the content of its message, if that is not in memory and can be had.
Effect WithContent(const EffectList& list, const Effect& effect) {
  const py::gil_scoped_release release;  // Before the engine's lock.
  const std::shared_ptr<EngineHandle> engine = list.engine.lock();
  return engine == nullptr ? effect : engine->engine.WithContent(effect);
}

// (number, at_ns, kind, queue number, queue name, queue ARN, message id, details)
py::tuple EffectRow(const EffectList& list, size_t i) {
  if (i >= list.size()) throw py::index_error();
  const HistoryEntry& entry = list.at(i);
  const QueueName* name = entry.queue_name.get();
  const std::string message_id = MessageIdOf(entry.effect);
  DetailsVisitor visitor(*list.names);
  const auto describe = [&visitor](const auto& kind) { Describe(visitor, kind); };
  if (LacksContent(entry.effect)) {
    std::visit(describe, WithContent(list, entry.effect).kind);
  } else {
    std::visit(describe, entry.effect.kind);
  }
  const py::object none = py::none();
  return py::make_tuple(entry.number, absl::ToUnixNanos(entry.effect.at), KindName(entry.effect), entry.effect.queue,
                        name == nullptr ? none : TextOf(name->name),
                        name == nullptr ? none : TextOf(MakeQueueArn(*name)),
                        message_id.empty() ? none : TextOf(message_id), visitor.details);
}

// What to keep of a list; absent means all.
struct Selection {
  std::optional<std::string> kind;
  std::optional<std::string> message_id;
  std::optional<std::string> queue_name;
  std::optional<std::string> account;
  std::optional<std::string> region;

  bool Takes(const HistoryEntry& entry) const {
    if (kind.has_value() && *kind != KindName(entry.effect)) return false;
    if (queue_name.has_value() && !TakesQueue(entry.queue_name.get())) return false;
    return !message_id.has_value() || *message_id == MessageIdOf(entry.effect);
  }
  bool TakesQueue(const QueueName* name) const {
    return name != nullptr && name->name == *queue_name && (!account.has_value() || name->account == *account) &&
           (!region.has_value() || name->region == *region);
  }
};

EffectList Select(const EffectList& list, const Selection& selection) {
  EffectList selected{list.engine, list.entries, list.names, {}};
  for (const uint32_t i : list.chosen) {
    if (selection.Takes((*list.entries)[i])) selected.chosen.push_back(i);
  }
  return selected;
}

}  // namespace

void RegisterHistory(py::module_& m) {
  InternMemberNames<AttributeValue>();
  py::class_<EffectList>(m, "Effects", "Effects of an engine, oldest first. See localsqs.history.")
      .def("__len__", &EffectList::size)
      .def("row", &EffectRow, py::arg("index"),
           "(number, at_ns, kind, queue number, queue name, queue ARN, message id, details)")
      .def(
          "select",
          [](const EffectList& list, std::optional<std::string> kind, std::optional<std::string> message_id,
             std::optional<std::string> queue_name, std::optional<std::string> account,
             std::optional<std::string> region) {
            const Selection selection{std::move(kind), std::move(message_id), std::move(queue_name), std::move(account),
                                      std::move(region)};
            py::gil_scoped_release release;
            return Select(list, selection);
          },
          py::arg("kind"), py::arg("message_id"), py::arg("queue_name"), py::arg("account"), py::arg("region"));
}

}  // namespace sqs::binding

// A part of a history, shared with nobody who could change it.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/history.h"

namespace sqs::binding {

struct EffectList {
  std::shared_ptr<const std::vector<HistoryEntry>> entries;
  // Indices into `entries`, ascending.
  std::vector<uint32_t> chosen;

  static EffectList All(std::vector<HistoryEntry> entries) {
    EffectList list{std::make_shared<const std::vector<HistoryEntry>>(std::move(entries)), {}};
    list.chosen.resize(list.entries->size());
    for (uint32_t i = 0; i < list.chosen.size(); ++i) list.chosen[i] = i;
    return list;
  }

  const HistoryEntry& at(size_t i) const { return (*entries)[chosen[i]]; }
  size_t size() const { return chosen.size(); }
};

}  // namespace sqs::binding

// The engine on a store: opening, what gathers for the next commit, what happens when there can be none.
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/effect_details.h"
#include "base/status.h"
#include "base/uuid.h"
#include "engine/engine.h"
#include "engine/restorer.h"
#include "store/sqlite_store.h"

namespace sqs {
namespace {

// The first engine of a file draws from the seed as it is, a later one from the seed and its number.
uint64_t SeedOfEpoch(uint64_t seed, int64_t epoch) {
  return epoch <= 1 ? seed : Uuid::OfNumber(seed, static_cast<uint64_t>(epoch)).low;
}

absl::Status WithAdvice(const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(status.message(), " (see localsqs check, salvage)"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(Options options) {
  if (options.path.empty()) {
    if (options.memory_limit.has_value()) {
      return absl::InvalidArgumentError(
          "a limit on memory needs a file: there is nowhere else to keep what is beyond it");
    }
    return std::make_unique<Engine>(std::move(options));
  }
  const uint64_t seed = options.seed.has_value() ? *options.seed : Random::SeedFromSystem();
  auto store = OpenSqliteStore(
      options.path, {.durability = options.durability, .seed = seed, .has_journal = !options.memory_limit.has_value()});
  if (!store.ok()) return absl::IsDataLoss(store.status()) ? WithAdvice(store.status()) : store.status();
  const Store::Identity identity = (*store)->identity();
  const std::string path = options.path;
  const std::optional<int64_t> memory_limit = options.memory_limit;
  options.seed = SeedOfEpoch(options.seed.value_or(identity.seed), identity.epoch);
  if (options.clock != nullptr) options.clock->CatchUp(identity.progress.now);
  std::unique_ptr<Engine> engine(new Engine(std::move(options), identity.progress));
  const absl::Status restored = engine->Restore(*std::move(store), identity.progress, memory_limit);
  if (!restored.ok()) {
    return WithAdvice(absl::Status(restored.code(), absl::StrCat(path, ": ", restored.message())));
  }
  return engine;
}

absl::Status Engine::Restore(std::unique_ptr<Store> store, const Progress& progress,
                             std::optional<int64_t> memory_limit) {
  MutexLock lock(mutex_);
  now_ = progress.now;
  feed_ = std::make_unique<StoreFeed>();
  if (memory_limit.has_value()) {
    memory_limit_ = std::make_unique<MemoryLimit>(*memory_limit, accounts_, *feed_, history_);
    accounts_.SetContentSource(memory_limit_.get());
    limits_memory_ = true;
  }
  Restorer restorer(progress, accounts_, *feed_, history_, memory_limit_.get());
  SQS_RETURN_IF_ERROR(store->Load(restorer));
  SQS_RETURN_IF_ERROR(restorer.Finish());
  gathering_ = std::make_shared<CommitPoint>();
  committer_ = std::make_unique<Committer>(std::move(store), *this);
  if (memory_limit_ != nullptr) {
    memory_limit_->ReadWith([this] { NoteForStore(); },
                            [this](absl::Span<const RowChoice> rows, std::vector<PayloadPtr>* payloads) {
                              return committer_->ReadContents(rows, payloads);
                            });
  }
  return absl::OkStatus();
}

void Engine::NoteForStore() {
  const absl::Span<const Effect> pending = accounts_.pending_effects();
  const absl::Span<const Effect> effects = pending.subspan(std::exchange(noted_effects_, pending.size()));
  feed_->Note(accounts_, effects, accounts_.became_visible());
  if (memory_limit_ != nullptr) memory_limit_->Note(effects);
  if (feed_->has_changes()) newest_ = gathering_;
}

void Engine::SetCommit(Completions& completions) {
  if (feed_ == nullptr) return;
  completions.commit = UncommittedLocked();
  completions.has_work = completions.commit != nullptr && completions.commit == gathering_;
}

void Engine::BeginCommit() {
  if (committer_ != nullptr) committer_->Want();
}

CommitPointPtr Engine::UncommittedLocked() {
  if (newest_ != nullptr && newest_->done() && newest_->status().ok()) newest_ = nullptr;
  return newest_;
}

CommitPointPtr Engine::UncommittedPoint() {
  if (committer_ == nullptr) return nullptr;
  MutexLock lock(mutex_);
  return UncommittedLocked();
}

absl::Status Engine::CheckOpen() const {
  if (closed_) return SqsError(ErrorCode::kInternalFailure, "The engine is closed.");
  if (committer_ != nullptr && !committer_->is_this_process()) {
    return SqsError(
        ErrorCode::kInternalFailure,
        "The engine's file belongs to the process that this one was forked from. Open engines after forking, "
        "or share one over HTTP: engine.serve().");
  }
  return refusal_;
}

absl::Status Engine::AwaitCommit(CommitPointPtr point, CommitPointPtr* commit) {
  if (commit == nullptr) return point->Wait();
  *commit = std::move(point);
  return absl::OkStatus();
}

// Neither the thread is here to be joined nor the connection to be closed: to end either would hang, or touch the files
// of the process that has them.
absl::Status Engine::LetGo() {
  MutexLock lock(mutex_);
  closed_ = true;
  if (memory_limit_ != nullptr) memory_limit_->ReadWith(nullptr, nullptr);
  feed_ = nullptr;
  static_cast<void>(committer_.release());
  return absl::OkStatus();
}

void Engine::CheckContentsWereRead() {
  if (memory_limit_ == nullptr || memory_limit_->failure().ok() || closed_ || !refusal_.ok()) return;
  refusal_ = StoreFailure(memory_limit_->failure());
  committer_->Fail(memory_limit_->failure());
}

Effect Engine::WithContent(Effect effect) {
  const std::optional<EffectMessage> message = MessageOf(effect);
  if (!message.has_value() || (*message->payload)->has_content()) return effect;
  MutexLock lock(mutex_);
  const Queue* queue = accounts_.FindQueue(message->queue);
  if (queue == nullptr || queue->Find(message->place) == nullptr) return effect;
  Contents contents;
  if (accounts_.LoadContents(*queue, {&message->place, 1}, &contents).ok() && !contents.empty()) {
    *message->payload = PayloadPtr::WithContent(**message->payload, *contents[0]);
  }
  CheckContentsWereRead();
  return effect;
}

std::optional<MemoryLimit::Counts> Engine::memory() {
  MutexLock lock(mutex_);
  if (memory_limit_ == nullptr) return std::nullopt;
  return memory_limit_->counts();
}

absl::Status Engine::Backup(const std::string& path) {
  if (committer_ == nullptr) return absl::FailedPreconditionError("the engine is in memory: there is no file to copy");
  return committer_->Backup(path);
}

// --- Committer::Source ----------------------------------------------------------------------------------------------

bool Engine::TakeWork(bool last, Committer::Work* work) {
  MutexLock lock(mutex_);
  if (feed_ == nullptr || (!last && !feed_->has_changes())) return false;
  feed_->Take(accounts_, {now_, history_.count(), accounts_.next_number()}, &work->batch);
  work->point = std::exchange(gathering_, std::make_shared<CommitPoint>());
  return true;
}

void Engine::OnCommitted(const Batch& batch) {
  if (!limits_memory_) return;
  MutexLock lock(mutex_);
  feed_->OnCommitted(batch);
  memory_limit_->OnCommitted(batch);
  history_.DropContents(batch.progress.effect_count);
}

void Engine::OnRefusing(const absl::Status& status, bool for_good) {
  Completions completions;
  {
    MutexLock lock(mutex_);
    refusal_ = status;
    if (for_good) EndWaits(absl::InfiniteFuture(), completions);
  }
  Run(completions);
}

void Engine::OnAccepting() {
  MutexLock lock(mutex_);
  refusal_ = absl::OkStatus();
  if (newest_ != nullptr && newest_->done()) newest_ = nullptr;  // It was refused, and is committed after all.
}

}  // namespace sqs

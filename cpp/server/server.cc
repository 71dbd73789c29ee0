#include "server/server.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/connection.h"

namespace sqs::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// A clock that is not the system's may move at any time without telling: look that often while somebody waits.
constexpr auto kClockPoll = std::chrono::milliseconds(20);
constexpr auto kAcceptRetry = std::chrono::milliseconds(100);

absl::StatusOr<std::unique_ptr<asio::ssl::context>> MakeTlsContext(const std::string& cert_path,
                                                                   const std::string& key_path) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  boost::system::error_code error;
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1);
  context->use_certificate_chain_file(cert_path, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat("TLS certificate '", cert_path, "': ", error.message()));
  context->use_private_key_file(key_path, asio::ssl::context::pem, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat("TLS key '", key_path, "': ", error.message()));
  return context;
}

}  // namespace

// One thread: its event loop and its connections.
class Worker {
 public:
  struct Shared {
    Engine& engine;
    Dispatcher& dispatcher;
    Control& control;
    ServerCounters& counters;
    const ServerLimits& limits;
    asio::ssl::context* tls;
    AccessLog* log;
  };

  explicit Worker(const Shared& shared)
      : io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO), context_{io_,
                                                             shared.dispatcher,
                                                             shared.control,
                                                             shared.counters,
                                                             shared.engine,
                                                             shared.limits,
                                                             shared.tls,
                                                             shared.log,
                                                             {},
                                                             {}} {}

  void Start() {
    thread_ = std::thread([this] { io_.run(); });
  }

  void Add(tcp::socket socket) {
    if (stopping_) return;
    if (connections_.size() >= forget_at_) ForgetClosed();
    if (connections_.size() >= context_.limits.connections_max) return;
    auto connection = MakeConnection(std::move(socket), context_);
    connections_.push_back(connection);
    connection->Start();
  }

  void Stop() {
    asio::post(io_, [this] {
      stopping_ = true;
      for (const auto& known : connections_) {
        if (auto connection = known.lock()) connection->Stop();
      }
      context_.poll.Stop();
      work_.reset();
    });
    if (thread_.joinable()) thread_.join();
  }

  asio::io_context& io() { return io_; }

 private:
  void ForgetClosed() {
    connections_.erase(
        std::remove_if(connections_.begin(), connections_.end(), [](const auto& known) { return known.expired(); }),
        connections_.end());
    forget_at_ = 2 * connections_.size() + 16;
  }

  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  ServerContext context_;
  std::vector<std::weak_ptr<Connection>> connections_;
  size_t forget_at_ = 16;
  bool stopping_ = false;
  std::thread thread_;
};

// A socket between two loops.
struct Descriptor {
  explicit Descriptor(int number) : number(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
  int number;
};

// The engine's next event, in real time, ends a wait: nobody else is there to notice it. One timer, on the first
// worker's thread, armed whenever the engine's next event becomes earlier.
class Waker : public EventListener, public std::enable_shared_from_this<Waker> {
 public:
  Waker(Engine& engine, asio::io_context& io)
      : engine_(engine), io_(&io), timer_(std::make_unique<asio::steady_timer>(io)) {}

  void OnEarlierEvent() override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (io_ != nullptr) asio::post(*io_, [self = shared_from_this()] { self->Arm(); });
  }

  // On the worker's thread, before it ends.
  void Stop() {
    std::lock_guard<std::mutex> lock(mutex_);
    io_ = nullptr;
    timer_ = nullptr;  // The engine may hold us a little longer than the loop lives.
  }

 private:
  void Arm() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (io_ == nullptr) return;
    }
    const absl::Time next = engine_.AwaitNextEvent();
    if (next == absl::InfiniteFuture()) return;
    const auto delay = engine_.clock().runs_in_real_time()
                           ? std::max(absl::ToChronoNanoseconds(next - engine_.Now()), std::chrono::nanoseconds(0))
                           : std::chrono::nanoseconds(kClockPoll);
    timer_->expires_after(std::min(delay, std::chrono::nanoseconds(std::chrono::hours(1))));
    timer_->async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (error) return;  // Stopped, or armed anew.
      self->engine_.OnTimePassed();
      if (self->engine_.waiter_count() > 0) self->Arm();
    });
  }

  Engine& engine_;
  std::mutex mutex_;
  asio::io_context* io_;  // Null once stopped.
  std::unique_ptr<asio::steady_timer> timer_;
};

class Server::Impl {
 public:
  Impl(Engine& engine, ServerOptions options, std::shared_ptr<const Credentials> credentials,
       std::unique_ptr<asio::ssl::context> tls)
      : engine_(engine),
        options_(std::move(options)),
        tls_(std::move(tls)),
        log_(stderr),
        dispatcher_(engine, options_.identity, std::move(credentials)),
        control_(engine, counters_) {
    const Worker::Shared shared{
        engine, dispatcher_, control_, counters_, options_.limits, tls_.get(), options_.log ? &log_ : nullptr};
    for (int i = 0; i < std::max(1, options_.threads); ++i) workers_.push_back(std::make_unique<Worker>(shared));
    waker_ = std::make_shared<Waker>(engine, workers_[0]->io());
    retry_ = std::make_unique<asio::steady_timer>(workers_[0]->io());
  }

  absl::Status Listen() {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(options_.host == "localhost" ? "127.0.0.1" : options_.host, error);
    if (error) return absl::InvalidArgumentError(absl::StrCat("not an address: ", options_.host));
    if (!address.is_loopback() && !options_.beyond_loopback && !dispatcher_.checks_access()) {
      return absl::PermissionDeniedError(
          absl::StrCat(options_.host,
                       " can be reached from other machines, and access is not checked: give --credentials, or ask for "
                       "it (--insecure, insecure=True)"));
    }
    const tcp::endpoint endpoint(address, options_.port);
    acceptor_ = std::make_unique<tcp::acceptor>(workers_[0]->io());
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", options_.host, ":", options_.port, ": ", error.message()));
    }
    port_ = acceptor_->local_endpoint().port();
    dispatcher_.set_own_host(absl::StrCat(options_.host, ":", port_));
    engine_.AddEventListener(waker_);
    Accept();
    for (auto& worker : workers_) worker->Start();
    return absl::OkStatus();
  }

  void Stop() {
    if (std::exchange(stopped_, true)) return;
    engine_.RemoveEventListener(waker_);
    asio::post(workers_[0]->io(), [this] {
      boost::system::error_code ignored;
      acceptor_->close(ignored);
      retry_->cancel();
      waker_->Stop();
    });
    for (auto& worker : workers_) worker->Stop();
  }

  uint16_t port() const { return port_; }
  std::string url() const {
    const bool v6 = absl::StrContains(options_.host, ":");
    return absl::StrCat(options_.identity.scheme, "://", v6 ? "[" : "", options_.host, v6 ? "]" : "", ":", port_);
  }

 private:
  void Accept() {
    acceptor_->async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || !acceptor_->is_open()) return;
      if (error) return AcceptLater();
      const size_t worker = next_worker_++ % workers_.size();
      if (worker == 0) {
        workers_[0]->Add(std::move(socket));  // We are on its thread.
      } else {
        HandTo(*workers_[worker], std::move(socket));
      }
      Accept();
    });
  }

  // Loops have no locks, so only a worker's own thread makes a socket known to its loop: the bare descriptor travels.
  void HandTo(Worker& worker, tcp::socket socket) {
    boost::system::error_code failure;
    const tcp protocol = socket.local_endpoint(failure).protocol();
    auto descriptor = std::make_unique<Descriptor>(failure ? -1 : socket.release(failure));
    if (failure) return;
    asio::post(worker.io(), [&worker, protocol, descriptor = std::move(descriptor)] {
      tcp::socket own(worker.io());
      boost::system::error_code error;
      own.assign(protocol, descriptor->number, error);
      if (error) return;
      descriptor->number = -1;
      worker.Add(std::move(own));
    });
  }

  // No file descriptor is free, most likely: trying at once would only burn the processor.
  void AcceptLater() {
    retry_->expires_after(kAcceptRetry);
    retry_->async_wait([this](const boost::system::error_code& error) {
      if (!error) Accept();
    });
  }

  Engine& engine_;
  const ServerOptions options_;
  const std::unique_ptr<asio::ssl::context> tls_;  // Null: plain HTTP.
  AccessLog log_;
  Dispatcher dispatcher_;
  ServerCounters counters_;
  Control control_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::shared_ptr<Waker> waker_;
  std::unique_ptr<asio::steady_timer> retry_;
  std::unique_ptr<tcp::acceptor> acceptor_;
  size_t next_worker_ = 0;
  uint16_t port_ = 0;
  bool stopped_ = false;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Engine& engine, ServerOptions options) {
  std::shared_ptr<const Credentials> credentials;
  if (!options.credentials_path.empty()) {
    auto read = Credentials::Read(options.credentials_path, options.identity.account);
    if (!read.ok()) return read.status();
    credentials = std::make_shared<const Credentials>(*std::move(read));
  }
  std::unique_ptr<asio::ssl::context> tls;
  if (!options.tls_cert_path.empty() || !options.tls_key_path.empty()) {
    auto made = MakeTlsContext(options.tls_cert_path, options.tls_key_path);
    if (!made.ok()) return made.status();
    tls = *std::move(made);
    options.identity.scheme = "https";
  }
  auto impl = std::make_unique<Impl>(engine, std::move(options), std::move(credentials), std::move(tls));
  const absl::Status listening = impl->Listen();
  if (!listening.ok()) return listening;
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { Stop(); }

uint16_t Server::port() const { return impl_->port(); }

std::string Server::endpoint_url() const { return impl_->url(); }

void Server::Stop() { impl_->Stop(); }

}  // namespace sqs::server

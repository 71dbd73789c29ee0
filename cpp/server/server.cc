#include "server/server.h"

#include <algorithm>
#include <boost/asio.hpp>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/connection.h"

namespace sqs::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// A clock that is not the system's may move at any time without telling: look that often while somebody waits.
constexpr auto kClockPoll = std::chrono::milliseconds(20);

}  // namespace

// One thread: its event loop and its connections.
class Worker {
 public:
  Worker(Engine& engine, Dispatcher& dispatcher, const ServerLimits& limits)
      : io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO), waker_(io_), context_{io_, dispatcher, engine, limits, {}, {}, {}} {
    context_.on_parked = [this] { ArmWaker(); };
  }

  void Start() {
    thread_ = std::thread([this] { io_.run(); });
  }

  void Add(tcp::socket socket) {
    auto connection = std::make_shared<Connection>(std::move(socket), context_);
    connections_.erase(
        std::remove_if(connections_.begin(), connections_.end(), [](const auto& known) { return known.expired(); }),
        connections_.end());
    connections_.push_back(connection);
    connection->Start();
  }

  void Stop() {
    asio::post(io_, [this] {
      waker_.cancel();
      for (const auto& known : connections_) {
        if (auto connection = known.lock()) connection->Stop();
      }
      work_.reset();
    });
    if (thread_.joinable()) thread_.join();
  }

  asio::io_context& io() { return io_; }

 private:
  // The engine's next event, in real time, ends a wait: nobody else is there to notice it.
  void ArmWaker() {
    Engine& engine = context_.engine;
    const absl::Time next = engine.NextEventAt();
    if (next == absl::InfiniteFuture()) return;
    const auto delay = engine.clock().runs_in_real_time()
                           ? std::max(absl::ToChronoNanoseconds(next - engine.Now()), std::chrono::nanoseconds(0))
                           : std::chrono::nanoseconds(kClockPoll);
    const auto at = std::chrono::steady_clock::now() + delay;
    if (armed_ && waker_.expiry() <= at) return;
    armed_ = true;
    waker_.expires_at(at);
    waker_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      armed_ = false;
      context_.engine.OnTimePassed();
      if (context_.engine.waiter_count() > 0) ArmWaker();
    });
  }

  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  asio::steady_timer waker_;
  bool armed_ = false;
  ServerContext context_;
  std::vector<std::weak_ptr<Connection>> connections_;
  std::thread thread_;
};

class Server::Impl {
 public:
  Impl(Engine& engine, ServerOptions options) : options_(std::move(options)), dispatcher_(engine, options_.identity) {
    for (int i = 0; i < std::max(1, options_.threads); ++i) {
      workers_.push_back(std::make_unique<Worker>(engine, dispatcher_, options_.limits));
    }
  }

  absl::Status Listen() {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(options_.host == "localhost" ? "127.0.0.1" : options_.host, error);
    if (error) return absl::InvalidArgumentError(absl::StrCat("not an address: ", options_.host));
    if (!address.is_loopback() && !options_.beyond_loopback) {
      return absl::PermissionDeniedError(
          absl::StrCat(options_.host,
                       " can be reached from other machines, and access is not checked: listening there "
                       "must be asked for (insecure)"));
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
    Accept();
    for (auto& worker : workers_) worker->Start();
    return absl::OkStatus();
  }

  void Stop() {
    if (std::exchange(stopped_, true)) return;
    asio::post(workers_[0]->io(), [this] {
      boost::system::error_code ignored;
      acceptor_->close(ignored);
    });
    for (auto& worker : workers_) worker->Stop();
  }

  uint16_t port() const { return port_; }
  const std::string& host() const { return options_.host; }

 private:
  void Accept() {
    Worker& worker = *workers_[next_worker_++ % workers_.size()];
    acceptor_->async_accept(worker.io(), [this, &worker](const boost::system::error_code& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) {
        asio::post(worker.io(), [&worker, socket = std::move(socket)]() mutable { worker.Add(std::move(socket)); });
      }
      Accept();
    });
  }

  const ServerOptions options_;
  Dispatcher dispatcher_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<tcp::acceptor> acceptor_;
  size_t next_worker_ = 0;
  uint16_t port_ = 0;
  bool stopped_ = false;
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Engine& engine, ServerOptions options) {
  auto impl = std::make_unique<Impl>(engine, std::move(options));
  const absl::Status listening = impl->Listen();
  if (!listening.ok()) return listening;
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { Stop(); }

uint16_t Server::port() const { return impl_->port(); }

std::string Server::endpoint_url() const { return absl::StrCat("http://", impl_->host(), ":", impl_->port()); }

void Server::Stop() { impl_->Stop(); }

}  // namespace sqs::server

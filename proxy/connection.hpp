// Connection: one proxied TCP connection: two sockets, two pipelines, explicit states.
//
// Listener → **Connection** (side 0: the client that dialled; side 1: the server) → HallLoop, which
// destroys it.
//
//   connecting (a name is looked up first) ─server side is up─► open ─a close cut─► closing ─both
// ended, or late─► finished
//       │ refused: RST to the client  │ both ended by FIN, or an RST passed on            ▲
//       └─────────────────────────────┴───────────────────────────────────────────────────┘
//
// Nothing is read from the client before the server side is up. pipes_[s] carries what side s sends
// to the other side. A FIN is passed on after the bytes before it (half-close); an RST too, and it
// is seen while reading is paused. Under a hold, an RST waits in its place like everything else:
// the other side must not learn of it through the cut. closing: what was read is delivered, then
// FIN to both; what still comes is read and dropped, because closing a socket with unread bytes
// would send RST.
// Thread: the loop's. Ownership: owns both descriptors. No callback after finished.
// Tested by tests/proxy/proxy_test.cpp and tests/proxy/cuts_test.cpp.
#pragma once

#include <array>

#include "base/fd.hpp"
#include "proxy/accept_gate.hpp"
#include "proxy/deadlines.hpp"
#include "proxy/loop_context.hpp"
#include "proxy/pipeline.hpp"
#include "proxy/sockets.hpp"
#include "proxy/uv/lookup.hpp"
#include "proxy/uv/poll.hpp"

namespace sunder::proxy {

/// After a close cut the other ends have this long to send their FIN; then the sockets are closed
/// anyway.
inline constexpr Nanos kCloseLingerMax = 2 * kSecond;

class Connection final : uv::PollHandler, uv::LookupHandler, Timed {
 public:
  struct Opening {
    UniqueFd client;                                ///< accepted
    UniqueFd upstream;                              ///< a fresh stream socket
    PairId pair;                                    ///< who dialled whom
    Address to;                                     ///< the server
    std::shared_ptr<const Upstream> upstream_name;  ///< set: look it up, `to` is not used
    Nanos dial_timeout = 0;                         ///< 0: the kernel's own patience
    ListenerId listener = 0;
    Seat seat;                  ///< at that listener
    bool ask_who = false;       ///< the source is still to be found out
    std::uint64_t ordinal = 0;  ///< which connection of the pair, for the dice
    Ipv4 source = 0;            ///< the upstream socket's own address; 0: the system's choice
  };
  Connection(LoopContext& context, Opening opening);
  ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Connects to the server. May finish at once.
  void begin(Nanos now) noexcept;
  /// Takes up context.in_force. REQUIRES the tallies of the rules before still in the context.
  void adopt(Nanos now) noexcept;
  /// RST on both sides, now.
  void abort(Nanos now) noexcept;
  /// FIN on both sides, now. RST where bytes are lost by it (they wait here or are unread), since
  /// a stream that was cut off must not look like a whole one, and where it is not open yet.
  void hang_up(Nanos now) noexcept;
  /// Adds the time that bytes wait under holds still in force.
  void add_held(std::map<RuleId, Touched>& sums, Nanos now) const;

  /// Where it was accepted.
  [[nodiscard]] ListenerId listener() const noexcept { return listener_; }

  std::size_t place = 0;  ///< in the HallLoop's list; the HallLoop's to change

 private:
  enum class State : std::uint8_t { connecting, open, closing, finished };
  struct Side {
    UniqueFd fd;
    uv::Poll poll;
    bool fin_seen = false;  ///< noticed while not reading
    bool dead = false;      ///< the socket has failed: nothing more comes or goes
    bool quiet = false;     ///< nothing to watch for but readability
    bool ended = false;     ///< closing: nothing more will come from it
  };

  void poll_ready(unsigned tag, unsigned events) noexcept override;
  void deadline_reached(Nanos now) noexcept override;

  /// What is needed until the server side is up, and not longer.
  struct Dial {
    std::shared_ptr<const Upstream> name;
    uv::Lookup lookup;
    std::vector<Address> to;  ///< tried in turn
    std::size_t next = 0;
  };
  void looked_up(const addrinfo* list) noexcept override;
  /// Tries the next address; refuses the client where there is none left.
  void dial_next(Nanos now) noexcept;
  /// RETURNS 0, EINPROGRESS, or what went wrong.
  int dial(const Address& to) noexcept;
  /// What `connect_delay` faults ask for, by dice that are the same at every look.
  Nanos connect_delay() noexcept;
  void start_dial(Nanos now) noexcept;
  void connect_ready(unsigned side, unsigned events, Nanos now) noexcept;
  void established(Nanos now) noexcept;
  void refused(Nanos now) noexcept;
  void open_ready(unsigned side, unsigned events, Nanos now) noexcept;
  void closing_ready(unsigned side, unsigned events, Nanos now) noexcept;
  void read_side(unsigned side, Nanos now) noexcept;
  void drop_input(unsigned side, Nanos now) noexcept;
  /// The socket of that side has failed: what it still holds is read, then its stream ends with a
  /// reset.
  void side_failed(unsigned side, Nanos now) noexcept;
  void mark_dead(unsigned side, Nanos now) noexcept;
  void pump(unsigned pipe, Nanos now) noexcept;

  /// Draws the consequences of whatever has changed: ends to pass on, what to watch, when to wake
  /// up.
  void settle(Nanos now) noexcept;
  bool settle_open(Nanos now) noexcept;
  bool settle_closing(Nanos now) noexcept;
  /// RETURNS true if the connection is finished by it.
  bool pass_ends(Nanos now) noexcept;
  bool obey_faults(Nanos now) noexcept;
  [[nodiscard]] unsigned wanted_events(unsigned side) noexcept;

  /// A reset cut or fault: RST both sides. A close cut or fault: FIN both sides.
  void cut_by_reset(RuleId rule, Nanos now) noexcept;
  void cut_by_close(RuleId rule, Nanos now) noexcept;
  void finish(bool by_reset, Nanos now) noexcept;

  LoopContext* context_;
  PairId pair_;
  std::shared_ptr<const Topology> topology_;  ///< keeps the names that the dice are labelled with
  std::unique_ptr<Dial> dial_;                ///< while connecting
  ListenerId listener_;
  Seat seat_;
  Nanos dial_timeout_;
  Ipv4 source_;
  std::uint64_t ordinal_;
  std::array<PairStats*, 2> stats_;  ///< by pipeline
  TouchLog touch_log_;
  std::array<Side, 2> sides_;
  std::array<Pipeline, 2> pipes_;
  RuleId closing_rule_ = 0;
  Nanos closing_until_ = 0;
  Nanos accepted_at_ = 0;
  Nanos dial_at_ = kNever;  ///< not dialled yet, until then
  State state_ = State::connecting;
  bool counted_open_ = false;
};

}  // namespace sunder::proxy

// NftFilter over one kept libnftables context: load, apply, read back. The texts come from nft_text.cpp.
//
// A change through a kept context costs a fraction of a millisecond; starting the nft program 12 ms.
// Thread: one at a time. Tested by tests/control/nft_filter_test.cpp.
#include "proxy/packet/nft_filter.hpp"

#include <nftables/libnftables.h>

#include <charconv>
#include <utility>

#include "base/log.hpp"

namespace sunder::proxy {
namespace {

struct ContextDeleter {
  void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};

/// True for "a.b.c.d/bits": the text goes into the table, so nothing else may.
bool valid_subnet(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos || !parse_ipv4(text.substr(0, slash))) return false;
  int bits = -1;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + slash + 1, end, bits);
  return read.ec == std::errc{} && read.ptr == end && bits >= 8 && bits <= 32;
}

std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

}  // namespace

struct NftFilter::State {
  std::unique_ptr<nft_ctx, ContextDeleter> context;
  PacketRules current;

  /// Runs one buffer as one transaction. RETURNS what nft printed; on error, what it complained about.
  std::pair<bool, std::string> run(const std::string& text) const {
    const bool good = nft_run_cmd_from_buffer(context.get(), text.c_str()) == 0;
    const char* said =
        good ? nft_ctx_get_output_buffer(context.get()) : nft_ctx_get_error_buffer(context.get());
    std::string out = said == nullptr ? "" : said;
    return {good, std::move(out)};
  }
};

NftFilter::NftFilter(std::unique_ptr<State> state) : state_(std::move(state)) {}

NftFilter::~NftFilter() {
  const auto [good, said] = state_->run("delete table ip sunder\n");
  if (!good) log_debug("nft: the table could not be removed: " + one_line(said));
}

Result<std::unique_ptr<NftFilter>> NftFilter::load(const NftOptions& options) {
  if (!valid_subnet(options.subnet)) {
    return Error{ErrorCode::invalid,
                 "the subnet \"" + options.subnet + "\" is not of the form 10.77.0.0/24", "subnet",
                 "bad_subnet"};
  }
  if (options.tproxy_port == 0 || options.fwmark == 0) {
    return Error{ErrorCode::invalid, "the packet filter needs the port of the proxy and a mark"};
  }
  auto state = std::make_unique<State>();
  state->context.reset(nft_ctx_new(NFT_CTX_DEFAULT));
  if (state->context == nullptr || nft_ctx_buffer_output(state->context.get()) != 0 ||
      nft_ctx_buffer_error(state->context.get()) != 0) {
    return Error{ErrorCode::unsupported, "libnftables does not start on this machine"};
  }
  // add + delete first: a table of that name from before must not mix with ours; all of it is one transaction.
  const auto [good, said] =
      state->run("add table ip sunder\ndelete table ip sunder\n" + nft_table_text(options));
  if (!good) {
    return Error{ErrorCode::unsupported,
                 "the kernel did not take the packet rules (root or a user namespace, and nftables "
                 "with tproxy and socket support are needed); nft said: " +
                     one_line(said)};
  }
  auto filter = std::unique_ptr<NftFilter>(new NftFilter(std::move(state)));
  const auto [listed, text] = filter->state_->run("list table ip sunder\n");
  for (const char* part : {"set cut", "set nosyn", "set refuse", "set down", "chain from_nodes",
                           "chain from_proxy", "tproxy to :", "policy drop"}) {
    if (!listed || text.find(part) == std::string::npos) {
      return Error{ErrorCode::unsupported, std::string("the packet rules were loaded, but \"") +
                                               part + "\" is not there when they are read back"};
    }
  }
  return filter;
}

Status NftFilter::apply(const PacketRules& wanted) {
  const std::string change = nft_change_text(state_->current, wanted);
  if (change.empty()) return {};
  const auto [good, said] = state_->run(change);
  if (!good) {
    return Error{ErrorCode::io,
                 "the kernel refused a change of the packet rules, nothing was "
                 "changed; nft said: " +
                     one_line(said)};
  }
  state_->current = wanted;
  return {};
}

Result<NftListing> NftFilter::list() {
  const auto [good, said] = state_->run("list table ip sunder\n");
  if (!good) return Error{ErrorCode::io, "the packet rules can't be read: " + one_line(said)};
  return parse_nft_listing(said);
}

Result<PacketCounters> NftFilter::counters() {
  auto listing = list();
  if (!listing) return listing.error();
  return std::move(listing->counters);
}

}  // namespace sunder::proxy

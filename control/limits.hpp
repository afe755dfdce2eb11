// Every bound of the control API in one place: what a caller may send, hold and keep waiting.
//
// Used by server, security, request, switchboard and shapes. Bounds of the byte hall stand in proxy/.
// Thread: constants.
#pragma once

#include <cstddef>

#include "sunder/time.hpp"

namespace sunder::control {

inline constexpr std::size_t kBodyMax = 1U << 20;         ///< bytes of a request's body
inline constexpr std::size_t kHeadMax = 64U << 10U;       ///< bytes of a request before its body
inline constexpr std::size_t kChunkLineMax = 1024;        ///< bytes of a line between chunks
inline constexpr std::size_t kRequestMax = 4U << 20;      ///< bytes of a chunked request in all
inline constexpr std::size_t kGuestsMax = 512;            ///< connections to the API at once
inline constexpr std::size_t kGuestBytesMax = 64U << 20;  ///< bytes of requests that are not whole
inline constexpr std::size_t kListMax = 4096;             ///< nodes, pairs or names in one request
inline constexpr std::size_t kProxyTextMax = 1024;        ///< bytes of a proxy's name or address
inline constexpr std::size_t kNoteFieldsMax = 32;         ///< further fields of a note
inline constexpr std::size_t kTokenMin = 16;         ///< bytes of a token: shorter ones are guessed
inline constexpr std::size_t kTokenMax = 4096;       ///< bytes of a token
inline constexpr std::size_t kLeasesMax = 8;         ///< leases held open; each keeps a thread
inline constexpr unsigned kRequestThreads = 8;       ///< threads that no lease can take
inline constexpr Nanos kRequestTime = 10 * kSecond;  ///< until a request has been read as a whole
inline constexpr Nanos kAnswerTime = 10 * kSecond;   ///< until the client has taken the answer
inline constexpr Nanos kLingerTime = 2 * kSecond;    ///< for what a client sends after its answer
inline constexpr Nanos kSilenceTime = 5 * kSecond;   ///< a lease's holder may read nothing so long
inline constexpr Nanos kFlapMin = 100 * kMillisecond;  ///< a flapping cut stays so long, on and off
inline constexpr Nanos kLeaseBeat = kSecond / 2;       ///< between two signs of life of a lease

}  // namespace sunder::control

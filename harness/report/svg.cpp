// Svg: the few shapes that the report draws, and the time axis; see svg.hpp.
#include "harness/report/svg.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "harness/report/escape.hpp"

namespace sunder::harness::report {
namespace {

std::string fixed(double value, int digits) {
  std::array<char, 64> buffer{};
  const auto [end, ec] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                       std::chars_format::fixed, digits);
  return ec == std::errc{} ? std::string(buffer.data(), end) : "0";
}

std::string attribute(const char* name, std::string_view value) {
  return std::string(" ") + name + "=\"" + std::string(value) + "\"";
}

std::string title_of(std::string_view title) {
  return title.empty() ? "" : "<title>" + escape_markup(title) + "</title>";
}

}  // namespace

std::string num(double value) {
  if (!std::isfinite(value)) return "0";
  std::string out = fixed(value, 1);
  if (out.size() > 2 && out.substr(out.size() - 2) == ".0") out.resize(out.size() - 2);
  return out == "-0" ? "0" : out;
}

Svg::Svg(double width, double height, std::string_view label, std::string_view attributes) {
  out_ = "<svg viewBox=\"0 0 " + num(width) + " " + num(height) + "\" width=\"" + num(width) +
         "\" height=\"" + num(height) + "\" role=\"img\" aria-label=\"" + escape_markup(label) +
         "\"" + (attributes.empty() ? "" : " ") + std::string(attributes) + ">\n";
}

void Svg::rect(double x, double y, double w, double h, std::string_view css,
               std::string_view title) {
  out_ += "<rect" + attribute("x", num(x)) + attribute("y", num(y)) +
          attribute("width", num(std::max(w, 0.0))) + attribute("height", num(std::max(h, 0.0))) +
          attribute("class", css);
  out_ += title.empty() ? "/>\n" : ">" + title_of(title) + "</rect>\n";
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view css) {
  out_ += "<line" + attribute("x1", num(x1)) + attribute("y1", num(y1)) + attribute("x2", num(x2)) +
          attribute("y2", num(y2)) + attribute("class", css) + "/>\n";
}

void Svg::text(double x, double y, std::string_view words, std::string_view css) {
  out_ += "<text" + attribute("x", num(x)) + attribute("y", num(y)) + attribute("class", css) +
          ">" + escape_markup(words) + "</text>\n";
}

void Svg::path(const std::string& data, std::string_view css) {
  if (data.empty()) return;
  out_ += "<path" + attribute("d", data) + attribute("class", css) + "/>\n";
}

void Svg::open_group(std::string_view title) {
  out_ += "<g>" + title_of(title);
}

void Svg::close_group() {
  out_ += "</g>\n";
}

std::string Svg::finish() {
  return std::move(out_) + "</svg>";
}

double TimeScale::x(Nanos time) const {
  const double share =
      static_cast<double>(std::clamp(time, from, to) - from) / static_cast<double>(to - from);
  return x0 + share * (x1 - x0);
}

std::size_t TimeScale::bin(Nanos time, std::size_t bins) const {
  const double share =
      static_cast<double>(std::clamp(time, from, to) - from) / static_cast<double>(to - from);
  return std::min(bins - 1, static_cast<std::size_t>(share * static_cast<double>(bins)));
}

Nanos TimeScale::edge(std::size_t i, std::size_t bins) const {
  const double share = static_cast<double>(i) / static_cast<double>(bins);
  return from + static_cast<Nanos>(share * static_cast<double>(to - from));
}

std::vector<Nanos> ticks(const TimeScale& scale, int count) {
  const Nanos wanted = std::max<Nanos>(1, (scale.to - scale.from) / std::max(1, count));
  Nanos step = 1;
  for (Nanos decade = 1; step < wanted; decade *= 10) {
    for (const Nanos factor : {1, 2, 5}) {
      step = decade * factor;
      if (step >= wanted) break;
    }
    if (decade > 1'000'000'000'000'000) break;
  }
  std::vector<Nanos> out;
  Nanos at = scale.from / step * step;
  if (at < scale.from) at += step;
  for (; at <= scale.to; at += step) out.push_back(at);
  return out;
}

std::string seconds(Nanos time, int digits) {
  return fixed(static_cast<double>(time) / static_cast<double>(kSecond), digits) + " s";
}

std::string span(Nanos time) {
  const double value = static_cast<double>(time);
  const double size = std::fabs(value);
  if (size >= 10e9) return num(value / 1e9) + " s";
  if (size >= 1e9) return fixed(value / 1e9, 2) + " s";
  if (size >= 1e6) return num(value / 1e6) + " ms";
  return num(value / 1e3) + " µs";
}

}  // namespace sunder::harness::report

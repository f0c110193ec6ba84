// import of a URL, the worker's side: what a web server has, into a file that was opened for it.
#pragma once

#include "lib/worker/report.h"

#include <nlohmann/json_fwd.hpp>

namespace lib::worker {

/// {"url": http or https}, to descriptor 3. {"size"}. Redirects are followed, but never from https to http.
nlohmann::json fetch_url(const nlohmann::json& request, Report& report);

} // namespace lib::worker

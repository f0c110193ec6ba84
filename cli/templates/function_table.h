// What the table of functions consists of; for cli/templates/functions.cc and the files that define them.
#pragma once

#include "cli/templates/functions.h"

namespace cli::templates {

// functions_compare.cc
Value fn_not(const Call& call);
Value fn_eq(const Call& call);
Value fn_ne(const Call& call);
Value fn_lt(const Call& call);
Value fn_le(const Call& call);
Value fn_gt(const Call& call);
Value fn_ge(const Call& call);

// functions_data.cc
Value fn_len(const Call& call);
Value fn_index(const Call& call);
Value fn_slice(const Call& call);

// functions_text.cc
Value fn_print(const Call& call);
Value fn_println(const Call& call);
Value fn_html(const Call& call);
Value fn_js(const Call& call);
Value fn_urlquery(const Call& call);
Value fn_json(const Call& call);
Value fn_join(const Call& call);
Value fn_split(const Call& call);
Value fn_lower(const Call& call);
Value fn_upper(const Call& call);
Value fn_title(const Call& call);
Value fn_pad(const Call& call);
Value fn_truncate(const Call& call);

// printf.cc
Value fn_printf(const Call& call);

} // namespace cli::templates

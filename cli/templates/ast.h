// What a template is, once parsed.
#pragma once

#include "cli/templates/value.h"

#include <cstddef>
#include <string>
#include <vector>

namespace cli::templates {

struct Pipeline;

/// One word of a command, with the fields that follow it: $x.Name, (index .List 0).Name, .Name.Name.
struct Operand {
    enum class Kind { dot, nil, constant, variable, function, pipeline };
    Kind kind = Kind::dot;
    std::size_t offset = 0;
    std::string name;                ///< of the function or the variable
    Value constant;
    std::vector<Pipeline> inner;     ///< the one in parentheses, for Kind::pipeline
    std::vector<std::string> fields;
};

/// An operand with its arguments.
struct Command {
    std::vector<Operand> words;
};

/// "$x, $y := command | command".
struct Pipeline {
    std::size_t offset = 0;
    std::vector<std::string> variables;
    bool assigns = false; ///< "=", the variables exist already
    std::vector<Command> commands;
};

struct Statement;
using Block = std::vector<Statement>;

struct Statement {
    enum class Kind { text, print, branch, range, with, call, break_loop, continue_loop };
    Kind kind = Kind::text;
    std::size_t offset = 0;
    std::string text;   ///< text itself, or the name of the template to call
    Pipeline pipeline;  ///< no commands: none
    Block body;
    Block otherwise;    ///< what stands after {{else}}
};

} // namespace cli::templates

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer_template.h"

#include "core/tokenizer/bpe.h"

#include <fmt/format.h>

namespace kvw {
namespace {

TokenFrame read_template(const JsonPlace& json)
{
    TokenFrame frame;
    int texts = 0;
    const JsonPlace single = json.at("single");
    for (const JsonPlace& piece : single.list()) {
        if (const auto sequence = piece.find("Sequence")) {
            if (sequence->at("id").text() != "A")
                sequence->wrong(fmt::format("text \"{}\"", sequence->at("id").text()),
                                "\"A\" in the template for one text");
            ++texts;
            continue;
        }
        const JsonPlace token = piece.at("SpecialToken");
        const JsonPlace known = json.at("special_tokens").at(token.at("id").text());
        for (const JsonPlace& id : known.at("ids").list())
            (texts == 0 ? frame.before : frame.after).push_back(static_cast<TokenId>(id.integer(0, kLargestTokenId)));
    }
    if (texts != 1)
        single.wrong(fmt::format("the text {} times", texts), "it once");
    return frame;
}

} // namespace

TokenFrame read_token_frame(const JsonPlace& json)
{
    const std::string& type = json.type();
    if (type == "ByteLevel")
        return {};
    if (type == "TemplateProcessing")
        return read_template(json);
    if (type == "Sequence") {
        TokenFrame frame;
        for (const JsonPlace& part : json.at("processors").list()) {
            TokenFrame outer = read_token_frame(part);
            outer.before.insert(outer.before.end(), frame.before.begin(), frame.before.end());
            frame.after.insert(frame.after.end(), outer.after.begin(), outer.after.end());
            frame.before = std::move(outer.before);
        }
        return frame;
    }
    json.unsupported(fmt::format("post-processor \"{}\"", type), "TemplateProcessing, ByteLevel, Sequence");
}

} // namespace kvw

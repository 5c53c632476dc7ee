// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/model_facts.h"

#include "core/model/safetensors.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QThreadPool>

namespace kvw {
namespace {

/// Entries of a calibration for each KV head: five quantities with and without sinks, keys and values weighted, and the
/// Gram matrix of the output projection.
constexpr double kMatricesOfHead = 5 * 2 + 2 * 2 + 1;

struct FactsWords
{
    Q_DECLARE_TR_FUNCTIONS(kvw::ModelFacts)
};

/// The first of these below the folder of the program, or beside it, that is there.
QString firstThere(const QStringList& places)
{
    const QDir program(QCoreApplication::applicationDirPath());
    for (const QString& place : places) {
        const QString path = QDir::cleanPath(program.absoluteFilePath(place));
        if (QFileInfo::exists(path))
            return path;
    }
    return {};
}

} // namespace

double ModelFacts::needed_bytes(double bytes_per_value, int window) const
{
    const double moments = static_cast<double>(config.layers) * config.kv_heads * kMatricesOfHead * config.head_dim
        * config.head_dim * sizeof(double);
    return config.parameters() * bytes_per_value + config.kv_bytes_per_token(bytes_per_value) * window + moments;
}

std::variant<ModelFacts, Problem> checkModel(const QString& folder)
{
    if (folder.trimmed().isEmpty())
        return Problem{FactsWords::tr("No model is chosen."),
                       FactsWords::tr("Choose a folder with config.json, model.safetensors and tokenizer.json.")};
    const std::filesystem::path path(folder.toStdU16String());
    try {
        if (!QFileInfo(folder).isDir())
            return Problem{FactsWords::tr("%1: there is no such folder.").arg(folder),
                           FactsWords::tr("Choose a folder with config.json, model.safetensors and tokenizer.json.")};
        ModelFacts facts;
        facts.config = read_model_config(path);
        const WeightFiles weights = WeightFiles::open(path);
        facts.weight_bytes = weights.total_bytes();
        facts.weight_files = static_cast<int>(weights.files().size());
        if (!QFileInfo::exists(QDir(folder).filePath(QStringLiteral("tokenizer.json"))))
            return Problem{FactsWords::tr("%1: tokenizer.json is missing.").arg(folder),
                           FactsWords::tr("Take it from where the model came from.")};
        return facts;
    } catch (const Error& error) {
        return toProblem(error);
    } catch (const std::exception& error) {
        return Problem{QStringLiteral("%1: %2").arg(folder, QString::fromLocal8Bit(error.what())), {}};
    }
}

void checkModelLater(const QString& folder, QObject* receiver,
                     std::function<void(const std::variant<ModelFacts, Problem>&)> done)
{
    const QPointer<QObject> guard(receiver);
    QThreadPool::globalInstance()->start([folder, guard, done = std::move(done)] {
        auto result = checkModel(folder);
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [guard, done, result = std::move(result)] {
                if (guard)
                    done(result);
            },
            Qt::QueuedConnection);
    });
}

std::variant<TextFacts, Problem> checkText(const QString& file)
{
    const QFileInfo info(file);
    if (file.trimmed().isEmpty())
        return Problem{FactsWords::tr("No text is chosen."),
                       FactsWords::tr("Choose a file of UTF-8 text, or JSON lines with a field \"text\".")};
    if (!info.exists())
        return Problem{FactsWords::tr("%1: there is no such file.").arg(file),
                       FactsWords::tr("Look at the spelling, or choose another one.")};
    if (info.isDir())
        return Problem{FactsWords::tr("%1 is a folder, and a text is wanted.").arg(file),
                       FactsWords::tr("Choose a file in it.")};
    if (!info.isReadable())
        return Problem{FactsWords::tr("%1 may not be read.").arg(file),
                       FactsWords::tr("Ask its owner, or choose another one.")};
    if (info.size() == 0)
        return Problem{FactsWords::tr("%1 is empty.").arg(file), FactsWords::tr("Choose another one.")};
    return TextFacts{info.size()};
}

QString sampleModelFolder()
{
    return firstThere(
        {QStringLiteral("../../../models/smollm2-135m"), QStringLiteral("../share/kvworkbench/models/smollm2-135m")});
}

QString exampleProject()
{
    const QString named = qEnvironmentVariable("KVW_EXAMPLE");
    if (!named.isEmpty())
        return named;
    return firstThere(
        {QStringLiteral("../../../data/example.kvw"), QStringLiteral("../share/kvworkbench/example.kvw")});
}

} // namespace kvw

// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/paths.h"
#include "tests/widgets/support/workspace_fixture.h"
#include "widgets/jobs/job_text.h"
#include "widgets/models/record_columns.h"
#include "widgets/models/text.h"
#include "widgets/pages/engine_fields.h"
#include "widgets/shell/actions.h"
#include "widgets/shell/language.h"

#include <QCoreApplication>
#include <QDir>
#include <QProcess>
#include <QRegularExpression>
#include <QSet>
#include <QTranslator>
#include <QXmlStreamReader>

namespace kvw::testing {
namespace {

const QString kCatalogue = toQt((testing::source_folder() / "resources/translations/kvworkbench_de.ts").string());

struct Entry
{
    QString context, source;
    QStringList translations;
    bool finished = true;
};

std::vector<Entry> entries(const QString& file)
{
    QFile in(file);
    EXPECT_TRUE(in.open(QIODevice::ReadOnly)) << toStd(file);
    QXmlStreamReader xml(&in);
    std::vector<Entry> out;
    QString context;
    while (!xml.atEnd()) {
        if (xml.readNext() != QXmlStreamReader::StartElement)
            continue;
        if (xml.name() == QLatin1String("name"))
            context = xml.readElementText();
        else if (xml.name() == QLatin1String("message"))
            out.push_back({context, {}, {}, true});
        else if (xml.name() == QLatin1String("source"))
            out.back().source = xml.readElementText();
        else if (xml.name() == QLatin1String("translation")) {
            out.back().finished = !xml.attributes().hasAttribute(QLatin1String("type"));
            QString text;
            while (!(xml.readNext() == QXmlStreamReader::EndElement && xml.name() == QLatin1String("translation")))
                if (xml.isStartElement())
                    out.back().translations << xml.readElementText();
                else if (xml.isCharacters())
                    text += xml.text();
            if (out.back().translations.isEmpty())
                out.back().translations << text;
        }
    }
    EXPECT_FALSE(xml.hasError()) << toStd(xml.errorString());
    return out;
}

QStringList placeholders(const QString& text)
{
    static const QRegularExpression pattern(QStringLiteral("%(\\d|n)"));
    QStringList out;
    for (auto found = pattern.globalMatch(text); found.hasNext();)
        out << found.next().captured();
    out.sort();
    return out;
}

TEST(GermanTranslation, EveryTextIsTranslatedWithItsPlaceholders)
{
    const auto all = entries(kCatalogue);
    EXPECT_GT(all.size(), 700u);
    for (const Entry& entry : all) {
        EXPECT_TRUE(entry.finished) << toStd(entry.context) << ": " << toStd(entry.source);
        for (const QString& text : entry.translations) {
            EXPECT_FALSE(text.trimmed().isEmpty() && !entry.source.trimmed().isEmpty()) << toStd(entry.source);
            EXPECT_EQ(placeholders(text), placeholders(entry.source)) << toStd(entry.source);
        }
    }
}

/// Of every record: what recordColumn translates.
QSet<QString> fieldTitles()
{
    QSet<QString> out;
    const auto take = [&out](const Field& field, const auto&) { out.insert(toQt(field.title.words)); };
    const auto of = [&take](const auto&... records) { (visit_fields(take, records), ...); };
    of(ModelRecord(), TextRecord(), EnvironmentRecord(), RunRecord(), QualityRecord(), QualityWindow(), Ledger(),
       ThroughputSample(), ThroughputSummary(), MemoryRecord(), SpectrumRecord(), GenerationRecord(), JobRecord(),
       JobEvent(), Note());
    visit_totals(take, Ledger());
    return out;
}

TEST(GermanTranslation, EveryTextIsFiledWhereTheProgramLooks)
{
    const QSet<QString> titles = fieldTitles();
    QSet<QString> filed;
    for (const Entry& entry : entries(kCatalogue)) {
        if (entry.context == QLatin1String("kvw")) { // titles of fields, and nothing else
            EXPECT_TRUE(titles.contains(entry.source)) << toStd(entry.source) << ": a text outside of classes";
            filed.insert(entry.source);
        } else {
            EXPECT_TRUE(entry.context.startsWith(QStringLiteral("kvw::")))
                << toStd(entry.context) << ": a class without its namespace, " << toStd(entry.source);
        }
    }
    EXPECT_EQ(filed, titles);
}

TEST(GermanTranslation, TheCatalogueHasEveryTextOfTheSources)
{
    const QTemporaryDir folder;
    const QString copy = folder.filePath(QStringLiteral("kvworkbench_de.ts"));
    QProcess lupdate;
    lupdate.setWorkingDirectory(toQt(testing::source_folder().string()));
    lupdate.start(QStringLiteral(KVW_LUPDATE),
                  {QStringLiteral("widgets"), QStringLiteral("app"), QStringLiteral("core/records"),
                   QStringLiteral("-I"), QStringLiteral("."), QStringLiteral("-tr-function-alias"),
                   QStringLiteral("QT_TR_NOOP+=Title"), QStringLiteral("-locations"), QStringLiteral("none"),
                   QStringLiteral("-ts"), copy});
    ASSERT_TRUE(lupdate.waitForFinished(120'000)) << toStd(lupdate.errorString());
    ASSERT_EQ(lupdate.exitCode(), 0) << lupdate.readAllStandardError().toStdString();
    QSet<QString> known;
    for (const Entry& entry : entries(kCatalogue))
        known.insert(entry.context + QLatin1Char('|') + entry.source);
    const auto wanted = entries(copy);
    EXPECT_GT(wanted.size(), 700u);
    for (const Entry& entry : wanted)
        EXPECT_TRUE(known.contains(entry.context + QLatin1Char('|') + entry.source))
            << toStd(entry.context) << ": " << toStd(entry.source) << " (scripts/translate)";
}

TEST(GermanTranslation, TheProgramSpeaksIt)
{
    installTranslations(QLocale(QLocale::German, QLocale::Germany));
    EXPECT_EQ(QCoreApplication::translate("kvw::SpectraPage", "Spectra"), QStringLiteral("Spektren"));
    EXPECT_EQ(recordColumn(kAllocatorBytes).title, QStringLiteral("Speicherverwaltung"));
    // As the program itself asks: by the class, and by the words of a file that has no class.
    EXPECT_EQ(EngineFields::threadsText(0, 8),
              QStringLiteral("automatisch: 7 von 8 Kernen, einer bleibt für das Fenster"));
    EXPECT_EQ(kindText(RunKind::Calibrate), QStringLiteral("Kalibrierung"));
    for (QTranslator* each : QCoreApplication::instance()->findChildren<QTranslator*>()) {
        QCoreApplication::removeTranslator(each);
        delete each;
    }
    EXPECT_EQ(QCoreApplication::translate("kvw::SpectraPage", "Spectra"), QStringLiteral("Spectra"));
}

} // namespace
} // namespace kvw::testing

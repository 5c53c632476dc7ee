// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/job_fields.h"

#include "core/config/configuration.h"
#include "widgets/models/workspace.h"

#include <QFontDatabase>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>

namespace kvw {
namespace {

constexpr int kLines = 3;
constexpr int kKerning_px = 2;

} // namespace

QLabel* makeLabel(const QString& text, QWidget* field, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    label->setBuddy(field);
    // The underlined letter parts a kerned pair ("To"), and Qt measures the text without it.
    label->setMinimumWidth(label->sizeHint().width() + kKerning_px);
    return label;
}

ModelBox::ModelBox(QWidget* parent) : QComboBox(parent)
{
    setAccessibleName(tr("Model"));
    setSizeAdjustPolicy(AdjustToMinimumContentsLengthWithIcon);
    setMinimumContentsLength(16);
}

void ModelBox::setModels(const Workspace& workspace)
{
    const QString before = folder();
    QStringList folders, names;
    const std::vector<Provenance>& runs = workspace.runs();
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
        const QString folder = toQt(run->model.folder);
        if (folder.isEmpty() || folders.contains(folder))
            continue;
        folders.append(folder);
        names.append(toQt(run->model.name));
    }
    const QSignalBlocker blocker(this);
    clear();
    for (qsizetype i = 0; i < folders.size(); ++i) {
        addItem(names[i], folders[i]);
        setItemData(count() - 1, folders[i], Qt::ToolTipRole);
    }
    setCurrentIndex(std::max(0, findData(before)));
}

ConfigurationEdit::ConfigurationEdit(QWidget* parent)
    : QWidget(parent),
      m_editor(new QPlainTextEdit(this)),
      m_problem(new QLabel(this))
{
    m_editor->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_editor->setTabChangesFocus(true);
    m_editor->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_editor->setAccessibleName(tr("Configurations, one a line"));
    m_editor->setPlaceholderText(QStringLiteral("k=int4 v=int4 sinks=4\nk=kq:56+int8 v=out:48,weighted+int8"));
    m_editor->setFixedHeight(QFontMetrics(m_editor->font()).lineSpacing() * kLines
                             + static_cast<int>(2 * m_editor->document()->documentMargin()) + 2 * m_editor->frameWidth()
                             + fontMetrics().height() / 2);
    m_problem->setWordWrap(true);
    m_problem->setTextFormat(Qt::PlainText);
    m_problem->hide();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_editor);
    layout->addWidget(m_problem);
    setFocusProxy(m_editor);
    connect(m_editor, &QPlainTextEdit::textChanged, this, &ConfigurationEdit::check);
}

void ConfigurationEdit::setText(const QString& text) { m_editor->setPlainText(text); }

QString ConfigurationEdit::text() const { return m_editor->toPlainText(); }

std::vector<std::string> ConfigurationEdit::configurations() const
{
    std::vector<std::string> out;
    for (const QString& line : text().split(QLatin1Char('\n'))) {
        if (line.trimmed().isEmpty())
            continue;
        try {
            const Configuration configuration = parse_configuration(toStd(line.trimmed()));
            const std::string normal = format(configuration);
            if (configuration != Configuration{} && std::find(out.begin(), out.end(), normal) == out.end())
                out.push_back(normal);
        } catch (const Error&) { // said by check()
        }
    }
    return out;
}

void ConfigurationEdit::check()
{
    QString problem;
    int number = 0;
    for (const QString& line : text().split(QLatin1Char('\n'))) {
        ++number;
        if (line.trimmed().isEmpty() || !problem.isEmpty())
            continue;
        try {
            parse_configuration(toStd(line.trimmed()));
        } catch (const Error& error) {
            problem = tr("Line %1: %2").arg(number).arg(toQt(error.message()));
            if (!error.hint().empty())
                problem += QStringLiteral(" ") + toQt(error.hint());
        }
    }
    m_valid = problem.isEmpty();
    m_problem->setText(problem);
    m_problem->setVisible(!m_valid);
    Q_EMIT changed();
}

} // namespace kvw

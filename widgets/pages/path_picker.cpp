// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/path_picker.h"

#include "core/base/units.h"
#include "widgets/models/model_facts.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>

namespace kvw {
namespace {

constexpr int kPause_ms = 250;
constexpr double kBytesOfToken = 4.2; ///< of English text, about

QString sizeText(double bytes) { return QLocale().formattedDataSize(qint64(bytes), 1); }

} // namespace

PathPicker::PathPicker(What what, QWidget* parent)
    : QWidget(parent),
      m_what(what),
      m_field(new QLineEdit(this)),
      m_verdict(new QLabel(this)),
      m_timer(new QTimer(this))
{
    const bool model = what == What::Model;
    m_field->setAccessibleName(model ? tr("Model folder") : tr("Text file"));
    m_field->setPlaceholderText(model ? tr("Folder with config.json, model.safetensors, tokenizer.json")
                                      : tr("UTF-8 text, or JSON lines with a field \"text\""));
    m_field->setClearButtonEnabled(true);
    m_verdict->setWordWrap(true);
    m_verdict->setTextFormat(Qt::PlainText);
    m_verdict->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* browse = new QPushButton(tr("Choose…"), this);
    browse->setToolTip(model ? tr("Choose a model folder") : tr("Choose a text file"));
    browse->setAccessibleName(browse->toolTip());
    m_timer->setSingleShot(true);
    m_timer->setInterval(kPause_ms);
    auto* row = new QHBoxLayout;
    row->addWidget(m_field, 1);
    row->addWidget(browse);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(row);
    layout->addWidget(m_verdict);
    setFocusProxy(m_field);
    connect(browse, &QPushButton::clicked, this, &PathPicker::browse);
    connect(m_timer, &QTimer::timeout, this, &PathPicker::look);
    connect(m_field, &QLineEdit::textChanged, this, [this] {
        m_good = false;
        m_timer->start();
        Q_EMIT changed();
    });
    look();
}

QString PathPicker::path() const { return m_field->text().trimmed(); }

void PathPicker::setPath(const QString& path)
{
    m_field->setText(path);
    m_timer->stop();
    look();
}

void PathPicker::setUse(double bytes_per_value, int window)
{
    if (bytes_per_value == m_bytes_per_value && window == m_window)
        return;
    m_bytes_per_value = bytes_per_value;
    m_window = window;
    if (m_what == What::Model)
        look();
}

int PathPicker::lineHeight() const { return layout()->itemAt(0)->sizeHint().height(); }

QString PathPicker::verdict() const { return m_verdict->text(); }

void PathPicker::browse()
{
    const QString start = path().isEmpty() ? QString() : QFileInfo(path()).absolutePath();
    const QString chosen = m_what == What::Model
        ? QFileDialog::getExistingDirectory(this, tr("Choose a model folder"), path())
        : QFileDialog::getOpenFileName(this, tr("Choose a text file"), start,
                                       tr("Texts (*.txt *.raw *.md *.jsonl *.ndjson *.json);;All files (*)"));
    if (!chosen.isEmpty())
        setPath(chosen);
}

void PathPicker::look()
{
    const int question = ++m_question;
    if (path().isEmpty()) {
        showProblem({});
        return;
    }
    if (m_what == What::Text) {
        const auto result = checkText(path());
        if (const auto* problem = std::get_if<Problem>(&result)) {
            showProblem(*problem);
            return;
        }
        const auto bytes = static_cast<double>(std::get<TextFacts>(result).bytes);
        m_tokens = qint64(bytes / kBytesOfToken);
        m_verdict->setText(
            tr("%1, some %2 tokens").arg(sizeText(bytes), QLocale().toString(qlonglong(m_tokens / 100) * 100)));
        m_good = true;
        Q_EMIT changed();
        return;
    }
    checkModelLater(path(), this, [this, question](const std::variant<ModelFacts, Problem>& result) {
        if (question != m_question)
            return;
        if (const auto* problem = std::get_if<Problem>(&result))
            showProblem(*problem);
        else
            showFacts(std::get<ModelFacts>(result));
    });
}

void PathPicker::showFacts(const ModelFacts& facts)
{
    const ModelConfig& config = facts.config;
    QString family = toQt(config.architecture);
    family.remove(QStringLiteral("ForCausalLM"));
    const QLocale locale;
    m_verdict->setText(
        tr("%1 family · %2 layers, %3 query and %4 key/value heads of %5 · %6 million parameters, %7 of weights\n"
           "Needs about %8 of memory, and %9 for each 1,000 tokens of uncompressed cache.")
            .arg(family)
            .arg(config.layers)
            .arg(config.heads)
            .arg(config.kv_heads)
            .arg(config.head_dim)
            .arg(locale.toString(config.parameters() / 1e6, 'f', 0), sizeText(double(facts.weight_bytes)),
                 sizeText(facts.needed_bytes(m_bytes_per_value, m_window)),
                 sizeText(1000 * config.kv_bytes_per_token(m_bytes_per_value))));
    m_good = true;
    Q_EMIT changed();
}

void PathPicker::showProblem(const Problem& problem)
{
    m_verdict->setText(problem.hint.isEmpty() ? problem.message
                                              : QStringLiteral("%1\n%2").arg(problem.message, problem.hint));
    m_good = false;
    m_tokens = 0;
    Q_EMIT changed();
}

} // namespace kvw

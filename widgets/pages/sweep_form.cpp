// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/pages/sweep_form.h"

#include "core/protocol/specifications.h"
#include "widgets/jobs/job_controller.h"
#include "widgets/models/machine.h"
#include "widgets/models/workspace.h"
#include "widgets/pages/engine_fields.h"
#include "widgets/pages/job_estimate.h"
#include "widgets/pages/job_fields.h"
#include "widgets/pages/path_picker.h"
#include "widgets/pages/sweep_text.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFontDatabase>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>

#include <algorithm>

namespace kvw {
namespace {

constexpr int kGridLines = 2;

void name(QWidget* field, const QString& text, const QString& tip = {})
{
    field->setAccessibleName(text);
    field->setToolTip(tip);
}

QSpinBox* makeNumber(int least, int most, int step, int value, QWidget* parent)
{
    auto* box = new QSpinBox(parent);
    box->setRange(least, most);
    box->setSingleStep(step);
    box->setValue(value);
    box->setGroupSeparatorShown(true);
    return box;
}

/// Labels at the left of both grids, the one inside the other, get the width of the widest.
void alignLabels(QGridLayout* outer, QGridLayout* inner)
{
    int width = 0;
    for (const QGridLayout* grid : {outer, inner})
        for (int row = 0; row < grid->rowCount(); ++row)
            if (const QLayoutItem* item = grid->itemAtPosition(row, 0); item && qobject_cast<QLabel*>(item->widget()))
                width = std::max(width, item->minimumSize().width());
    for (QGridLayout* grid : {outer, inner})
        grid->setColumnMinimumWidth(0, width);
}

} // namespace

SweepForm::SweepForm(QWidget* parent) : QWidget(parent)
{
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    const QStringList columns{tr("Transform"), tr("Ranks"), tr("Weights"), tr("Bits"), tr("One scale for")};
    for (int i = 0; i < columns.size(); ++i)
        grid->addWidget(new QLabel(columns[i], this), 0, i + 1);
    m_k = addSide(grid, 1, tr("&Keys"), true);
    m_v = addSide(grid, 2, tr("&Values"), false);
    QWidget* more = makeMore();
    grid->addWidget(more, 3, 0, 1, 6);
    addText(grid, 4);
    alignLabels(grid, qobject_cast<QGridLayout*>(more->layout()));
    m_k.transform->setCurrentIndex(m_k.transform->findData(QStringLiteral("kq")));
    m_sinks->setText(QStringLiteral("0, 4"));
    compose();
}

SweepForm::SideFields SweepForm::addSide(QGridLayout* grid, int row, const QString& title, bool keys)
{
    SideFields side;
    side.transform = new QComboBox(this);
    side.transform->addItem(tr("none"), QString());
    for (const QString& each : sweptTransforms(keys ? config::Side::Keys : config::Side::Values))
        side.transform->addItem(each, each);
    side.ranks = new QLineEdit(QStringLiteral("32..56..8"), this);
    side.weights = new QComboBox(this);
    side.weights->addItems({tr("uniform"), tr("by attention"), tr("both")});
    side.bits = new QLineEdit(this);
    side.bits->setPlaceholderText(tr("not quantised"));
    side.scale = new QComboBox(this);
    side.scale->addItem(tr("each token"), QString());
    for (const char* each : {"channel=32", "group=32", "group=16"})
        side.scale->addItem(QLatin1String(each), QLatin1String(each));
    const QString plain = QString(title).remove(QLatin1Char('&'));
    name(side.transform, tr("%1: transform").arg(plain));
    name(side.ranks, tr("%1: ranks").arg(plain), tr("Numbers with commas, or first..last..step: 32, 48 or 16..64..8"));
    name(side.weights, tr("%1: weights of the moments").arg(plain));
    name(side.bits, tr("%1: bits").arg(plain),
         tr("One of %1, or several with commas; empty: not quantised").arg(sweptBits()));
    name(side.scale, tr("%1: what shares a scale").arg(plain));
    grid->addWidget(makeLabel(title, side.transform, this), row, 0);
    int column = 1;
    for (QWidget* field :
         {static_cast<QWidget*>(side.transform), static_cast<QWidget*>(side.ranks), static_cast<QWidget*>(side.weights),
          static_cast<QWidget*>(side.bits), static_cast<QWidget*>(side.scale)})
        grid->addWidget(field, row, column++);
    for (QComboBox* box : {side.transform, side.weights, side.scale})
        connect(box, &QComboBox::currentIndexChanged, this, &SweepForm::compose);
    for (QLineEdit* field : {side.ranks, side.bits})
        connect(field, &QLineEdit::textEdited, this, &SweepForm::compose);
    return side;
}

QWidget* SweepForm::makeMore()
{
    auto* box = new QWidget(this);
    m_together = new QComboBox(box);
    m_together->addItem(tr("together"), true);
    m_together->addItem(tr("each alone"), false);
    m_sinks = new QLineEdit(box);
    m_recent = new QLineEdit(box);
    m_layers = new QLineEdit(box);
    m_recent->setPlaceholderText(QStringLiteral("0"));
    m_layers->setPlaceholderText(tr("all"));
    name(m_sinks, tr("Sinks"), tr("First positions that are stored raw, several with commas"));
    name(m_recent, tr("Recent window"), tr("Most recent positions that are stored raw"));
    name(m_layers, tr("Layers"), tr("Layers that are compressed: 0-9, 10-19 makes two curves; empty: all"));
    name(m_together, tr("Keys and values together, or each alone"));
    m_model = new ModelBox(box);
    m_text = new PathPicker(PathPicker::What::Text, box);
    const QualitySpecification defaults;
    m_tokens = makeNumber(2, 100'000'000, 1024, 4096, box);
    m_window = makeNumber(2, 1 << 20, 128, defaults.window, box);
    m_protocol = new QComboBox(box);
    m_protocol->addItems({QStringLiteral("all"), QStringLiteral("past:64"), QStringLiteral("step")});
    m_protocol->setEditable(true);
    name(m_tokens, tr("Tokens"));
    name(m_window, tr("Window"));
    name(m_protocol, tr("Protocol"),
         tr("all: every token reads coded tokens, its own included; past:C: chunks of C; step: one token at a time"));
    auto* grid = new QGridLayout(box);
    grid->setContentsMargins(0, 0, 0, 0);
    m_engine = new EngineFields(Bases::Needed, box);
    QList<EngineFields::Row> fields{{tr("&Together"), m_together}, {tr("&Sinks"), m_sinks},
                                    {tr("&Recent"), m_recent},     {tr("L&ayers"), m_layers},
                                    {tr("&Model"), m_model},       {tr("Tok&ens"), m_tokens},
                                    {tr("&Window"), m_window},     {tr("Proto&col"), m_protocol}};
    fields += m_engine->rows();
    for (int i = 0; i < fields.size(); ++i) {
        grid->addWidget(makeLabel(fields[i].label, fields[i].field, box), i / 4, i % 4 * 2);
        grid->addWidget(fields[i].field, i / 4, i % 4 * 2 + 1);
    }
    for (const int column : {1, 3, 5, 7})
        grid->setColumnStretch(column, 1);
    // Beside the field of the text and below the threads; the picker goes on below its field with what it found.
    auto* label = makeLabel(tr("Te&xt"), m_text->field(), box);
    for (QLabel* each : {label, m_engine->note()})
        each->setMinimumHeight(m_text->lineHeight());
    grid->addWidget(label, 3, 0, Qt::AlignTop);
    grid->addWidget(m_text, 3, 1, 1, 3);
    grid->addWidget(m_engine->note(), 3, 5, 1, 3, Qt::AlignTop);
    connect(m_together, &QComboBox::currentIndexChanged, this, &SweepForm::compose);
    for (QLineEdit* field : {m_sinks, m_recent, m_layers})
        connect(field, &QLineEdit::textEdited, this, &SweepForm::compose);
    connect(m_model, &QComboBox::currentIndexChanged, this, &SweepForm::modelChanged);
    connect(m_engine, &EngineFields::changed, this, &SweepForm::check);
    connect(m_window, &QSpinBox::valueChanged, this, &SweepForm::check);
    connect(m_text, &PathPicker::changed, this, &SweepForm::check);
    connect(m_tokens, &QSpinBox::valueChanged, this, &SweepForm::check);
    connect(m_protocol, &QComboBox::currentTextChanged, this, &SweepForm::check);
    return box;
}

void SweepForm::addText(QGridLayout* grid, int row)
{
    m_grid = new QPlainTextEdit(this);
    m_grid->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_grid->setTabChangesFocus(true);
    m_grid->setFixedHeight(QFontMetrics(m_grid->font()).lineSpacing() * kGridLines + fontMetrics().height());
    name(m_grid, tr("Grid: the text of the sweep"), tr("What is measured. It may be edited by hand."));
    m_summary = new QLabel(this);
    m_summary->setWordWrap(true);
    m_summary->setTextFormat(Qt::PlainText);
    m_overlap = new QCheckBox(tr("even &on text that the calibration has read"), this);
    m_start = new QPushButton(tr("Start the swee&p"), this);
    auto* end = new QHBoxLayout;
    end->addWidget(m_start);
    end->addWidget(m_summary, 1);
    end->addWidget(m_overlap);
    grid->addWidget(makeLabel(tr("Gr&id"), m_grid, this), row, 0);
    grid->addWidget(m_grid, row, 1, 1, 5);
    grid->addLayout(end, row + 1, 0, 1, 6);
    connect(m_grid, &QPlainTextEdit::textChanged, this, &SweepForm::check);
    connect(m_start, &QPushButton::clicked, this, &SweepForm::submit);
}

void SweepForm::setWorkspace(const Workspace& workspace)
{
    m_workspace = &workspace;
    m_model->setModels(workspace);
    modelChanged();
}

void SweepForm::modelChanged()
{
    if (m_workspace)
        m_engine->setModel(*m_workspace, m_model->folder());
    check();
}

void SweepForm::setJobs(JobController* jobs)
{
    m_jobs = jobs;
    check();
}

SweepSide SweepForm::sideOf(const SideFields& fields)
{
    SweepSide side;
    side.transform = fields.transform->currentData().toString();
    side.ranks = fields.ranks->text();
    side.weighted = fields.weights->currentIndex() == 1;
    side.both_weights = fields.weights->currentIndex() == 2;
    side.bits = fields.bits->text();
    side.scale = fields.scale->currentData().toString();
    return side;
}

SweepChoices SweepForm::choices() const
{
    return {sideOf(m_k),     sideOf(m_v),      m_together->currentData().toBool(),
            m_sinks->text(), m_recent->text(), m_layers->text()};
}

QString SweepForm::grid() const { return m_grid->toPlainText().replace(QLatin1Char('\n'), QLatin1Char(' ')); }

void SweepForm::setGrid(const QString& text) { m_grid->setPlainText(text); }

QString SweepForm::summary() const { return m_summary->text(); }

bool SweepForm::canStart() const { return m_start->isEnabled(); }

void SweepForm::compose()
{
    if (m_grid)
        m_grid->setPlainText(sweepText(choices())); // check() follows
}

QString SweepForm::reasonAgainst() const
{
    if (!m_workspace || !m_workspace->isOpen())
        return tr("No project is open.");
    if (m_workspace->isReadOnly())
        return tr("The project is open for reading only.");
    if (m_model->folder().isEmpty())
        return tr("The project knows no model yet: calibrate one first.");
    if (!m_text->isGood())
        return tr("Choose a text to measure on.");
    return {};
}

void SweepForm::check()
{
    if (!m_start)
        return;
    const SweepSize size =
        grid().trimmed().isEmpty() ? SweepSize{0, tr("Choose a transform or bits."), {}, {}} : sizeOf(grid());
    const QString reason = reasonAgainst();
    QStringList words;
    if (!size.problem.isEmpty()) {
        words << size.problem << size.hint;
    } else {
        words << tr("%n configuration(s).", nullptr, size.points) << estimateOf(size.configurations) << reason;
    }
    words.removeAll(QString());
    m_summary->setText(words.join(QLatin1Char(' ')));
    m_start->setEnabled(m_jobs && size.problem.isEmpty() && reason.isEmpty());
}

QString SweepForm::estimateOf(const std::vector<std::string>& configurations) const
{
    if (!m_workspace || !m_workspace->isOpen())
        return {};
    return estimateText(estimateQuality(*m_workspace, job(), configurations, thisMachine().cpu));
}

QualitySpecification SweepForm::job() const
{
    QualitySpecification job;
    job.engine = m_engine->options(m_model->folder());
    job.calibration = m_engine->calibration();
    job.text = toStd(m_text->path());
    job.tokens = m_tokens->value();
    job.window = m_window->value();
    job.protocol = toStd(m_protocol->currentText());
    job.grid = toStd(grid());
    job.allow_overlap = m_overlap->isChecked();
    return job;
}

std::string SweepForm::specification() const { return nlohmann::json(job()).dump(); }

void SweepForm::submit()
{
    const auto result = m_jobs->submit(RunKind::Sweep, specification());
    if (const auto* failed = std::get_if<Problem>(&result))
        Q_EMIT problem(*failed);
    else
        Q_EMIT submitted();
}

QJsonObject SweepForm::saveState() const
{
    QJsonObject state{{QStringLiteral("grid"), grid()},
                      {QStringLiteral("text"), m_text->path()},
                      {QStringLiteral("tokens"), m_tokens->value()},
                      {QStringLiteral("window"), m_window->value()},
                      {QStringLiteral("protocol"), m_protocol->currentText()}};
    m_engine->saveState(state);
    return state;
}

void SweepForm::restoreState(const QJsonObject& state)
{
    m_tokens->setValue(state.value(QLatin1String("tokens")).toInt(m_tokens->value()));
    m_window->setValue(state.value(QLatin1String("window")).toInt(m_window->value()));
    m_protocol->setCurrentText(state.value(QLatin1String("protocol")).toString(m_protocol->currentText()));
    if (const QString text = state.value(QLatin1String("text")).toString(); !text.isEmpty())
        m_text->setPath(text);
    if (const QString grid = state.value(QLatin1String("grid")).toString(); !grid.isEmpty())
        setGrid(grid);
    m_engine->restoreState(state);
}

} // namespace kvw

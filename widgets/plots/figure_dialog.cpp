// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/figure_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QPushButton>
#include <QSettings>
#include <QVBoxLayout>

namespace kvw {
namespace {

struct Form
{
    FigureFormat format;
    const char* word; ///< in settings, and the file's ending
    const char* text;
};
constexpr Form kForms[] = {
    {FigureFormat::Svg, "svg", QT_TRANSLATE_NOOP("kvw::FigureDialog", "SVG, a drawing for the web and editors")},
    {FigureFormat::Pdf, "pdf", QT_TRANSLATE_NOOP("kvw::FigureDialog", "PDF, a drawing for papers")},
    {FigureFormat::Png, "png", QT_TRANSLATE_NOOP("kvw::FigureDialog", "PNG, a picture")},
    {FigureFormat::Csv, "csv", QT_TRANSLATE_NOOP("kvw::FigureDialog", "CSV, the data as numbers")},
};

QDoubleSpinBox* addNumber(QFormLayout* form, const QString& label, const QString& unit, double least, double most,
                          double value)
{
    auto* box = new QDoubleSpinBox;
    box->setRange(least, most);
    box->setDecimals(1);
    box->setSuffix(unit);
    box->setValue(value);
    form->addRow(label, box);
    return box;
}

} // namespace

FigureDialog::FigureDialog(const QString& name, QWidget* parent)
    : QDialog(parent),
      m_name(name),
      m_format(new QComboBox)
{
    setWindowTitle(tr("Export figure"));
    const QSettings settings;
    const FigureOptions start;
    const auto saved = [&](const char* key, double value) {
        return settings.value(QStringLiteral("figure/") + QLatin1String(key), value).toDouble();
    };
    for (const Form& form : kForms)
        m_format->addItem(tr(form.text), QLatin1String(form.word));
    m_format->setCurrentIndex(std::max(0, m_format->findData(settings.value(QStringLiteral("figure/format")))));
    auto* form = new QFormLayout;
    form->addRow(tr("&Format"), m_format);
    m_width = addNumber(form, tr("&Width"), tr(" mm"), 20, 2000, saved("width_mm", start.size_mm.width()));
    m_height = addNumber(form, tr("&Height"), tr(" mm"), 20, 2000, saved("height_mm", start.size_mm.height()));
    m_points = addNumber(form, tr("Size of &text"), tr(" pt"), 4, 40, saved("font_points", start.font_points));
    m_scale = addNumber(form, tr("&Pixels for 1/96 inch"), {}, 0.5, 10, saved("png_scale", start.png_scale));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    auto* save = buttons->addButton(tr("Save &as…"), QDialogButtonBox::ActionRole);
    save->setDefault(true);
    auto* layout = new QVBoxLayout(this);
    layout->addLayout(form);
    layout->addWidget(buttons);
    connect(m_format, &QComboBox::currentIndexChanged, this, &FigureDialog::showFields);
    connect(save, &QPushButton::clicked, this, &FigureDialog::chooseFile);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    showFields();
}

FigureFormat FigureDialog::format() const { return kForms[std::max(0, m_format->currentIndex())].format; }

FigureOptions FigureDialog::options() const
{
    return {{m_width->value(), m_height->value()}, m_points->value(), m_scale->value()};
}

void FigureDialog::showFields()
{
    for (QDoubleSpinBox* box : {m_width, m_height, m_points})
        box->setEnabled(format() != FigureFormat::Csv);
    m_scale->setEnabled(format() == FigureFormat::Png);
}

void FigureDialog::chooseFile()
{
    QSettings settings;
    const QString ending = m_format->currentData().toString();
    const QString folder = settings.value(QStringLiteral("figure/folder"), QDir::homePath()).toString();
    auto* files = new QFileDialog(this, tr("Export figure"), folder);
    files->setAttribute(Qt::WA_DeleteOnClose);
    files->setAcceptMode(QFileDialog::AcceptSave);
    files->setNameFilter(QStringLiteral("*.") + ending);
    files->setDefaultSuffix(ending);
    files->selectFile(m_name + QLatin1Char('.') + ending);
    connect(files, &QFileDialog::fileSelected, this, [this](const QString& file) {
        QSettings settings;
        settings.setValue(QStringLiteral("figure/folder"), QFileInfo(file).absolutePath());
        settings.setValue(QStringLiteral("figure/format"), m_format->currentData());
        settings.setValue(QStringLiteral("figure/width_mm"), m_width->value());
        settings.setValue(QStringLiteral("figure/height_mm"), m_height->value());
        settings.setValue(QStringLiteral("figure/font_points"), m_points->value());
        settings.setValue(QStringLiteral("figure/png_scale"), m_scale->value());
        Q_EMIT chosen(file, format(), options());
        accept();
    });
    files->open();
}

} // namespace kvw

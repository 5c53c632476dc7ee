// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/plots/plot_view.h"

#include <QDialog>

class QComboBox;
class QDoubleSpinBox;

namespace kvw {

/// Asks for format, size, size of text and then for a file; remembers all but the name.
class FigureDialog final : public QDialog
{
    Q_OBJECT
public:
    FigureDialog(const QString& name, QWidget* parent);

    FigureFormat format() const;
    FigureOptions options() const;

Q_SIGNALS:
    void chosen(const QString& file, kvw::FigureFormat format, const kvw::FigureOptions& options);

private:
    void chooseFile();
    void showFields();

    QString m_name;
    QComboBox* m_format = nullptr;
    QDoubleSpinBox* m_width = nullptr;
    QDoubleSpinBox* m_height = nullptr;
    QDoubleSpinBox* m_points = nullptr;
    QDoubleSpinBox* m_scale = nullptr;
};

} // namespace kvw

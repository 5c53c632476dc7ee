// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/protocol/specifications.h"
#include "core/records/run.h"

#include <QJsonObject>
#include <QList>
#include <QObject>
#include <QString>

#include <optional>

class QComboBox;
class QFormLayout;
class QLabel;
class QSpinBox;
class QWidget;

namespace kvw {

class Workspace;

/// Whether a job takes bases from a calibration, which its form then offers.
enum class Bases { Needed, NotNeeded };

/// The fields that every form of a job has: what the engine computes in, where, with how many threads, and which
/// calibration the bases come from. The form says where they stand; what they hold is the same everywhere.
class EngineFields final : public QObject
{
    Q_OBJECT
public:
    /// `cores`: 0 stands for those of this machine. The fields belong to `form`.
    EngineFields(Bases bases, QWidget* form, int cores = 0);

    struct Row
    {
        QString label; ///< with its mnemonic
        QWidget* field;
    };
    QList<Row> rows() const; ///< type, device, threads, and the calibration where one is needed
    /// "automatic: 7 of 8 cores, one is left for the window": belongs beside or below the fields.
    QLabel* note() const { return m_note; }
    void addRows(QFormLayout* form) const; ///< each on a row of its own, for a narrow form
    void addLine(QFormLayout* form) const; ///< type, device and threads side by side, for a wide one

    /// Fills in the calibrations of the model in that folder; the one that is chosen stays chosen where it is among them.
    void setModel(const Workspace& workspace, const QString& folder);

    /// The choices as a job has them: the number of threads is never left open.
    EngineOptions options(const QString& model_folder) const;
    std::optional<RowId> calibration() const; ///< nothing: the newest of the model
    /// Takes over what an earlier job was asked for.
    void setOptions(const EngineOptions& options, std::optional<RowId> calibration);

    void saveState(QJsonObject& state) const;
    void restoreState(const QJsonObject& state);

    static QString threadsText(int threads, int cores); ///< 0: automatic

Q_SIGNALS:
    void changed();

private:
    void showThreads();
    void chooseWanted();

    int m_cores;
    QComboBox* m_type;
    QComboBox* m_device;
    QSpinBox* m_threads;
    QLabel* m_note;
    QComboBox* m_calibration = nullptr;
    /// The calibration that a person chose: its number, and its begin, since another project has other runs under the
    /// same numbers. Kept while another model is looked at.
    RowId m_wanted = 0;
    QString m_wantedBegin;
};

} // namespace kvw

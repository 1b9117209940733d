-- Points of a series that came too late to be learned, since it was learned anew; and when it was last asked to be, Unix ms.
ALTER TABLE detector_state ADD COLUMN unlearned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE detector_state ADD COLUMN relearn_asked_at INTEGER;

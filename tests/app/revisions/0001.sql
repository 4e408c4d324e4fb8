INSERT INTO jobs (id, state, stage, request, created_at, fence)
VALUES ('job_aaaaaaaaaaaaaaaaaaaaaa', 'searching', 'searching',
'{"name": "old", "teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"},
 "objective": {"kind": "score"}, "constraints": {}, "training": {},
 "search": {"strategy": "random", "seed": 7}}',
'2026-01-02 03:04:05.000000', 3);
INSERT INTO job_teachers (job_id, params, macs, bytes, accuracy, weights_key, architecture_key,
  splits_key, precision, preprocessing)
VALUES ('job_aaaaaaaaaaaaaaaaaaaaaa', 1000, 2000, 4000, 0.9, 'w', 'a', 's', '{}', '{}');
INSERT INTO trials (job_id, number, state, hash, edits, params, macs, bytes, seed, attempts,
  accuracy, score, created_at)
VALUES ('job_aaaaaaaaaaaaaaaaaaaaaa', 0, 'completed', 'h', '{}', 100, 200, 400, 1, 0, 0.8, 0.7,
  '2026-01-02 03:04:05.000000');
INSERT INTO students (id, job_id, trial_number, final, best, accuracy, score, params, macs, bytes,
  created_at)
VALUES ('std_bbbbbbbbbbbbbbbbbbbbbb', 'job_aaaaaaaaaaaaaaaaaaaaaa', 0, FALSE, TRUE, 0.8, 0.7, 100, 200,
  400, '2026-01-02 03:04:05.000000');

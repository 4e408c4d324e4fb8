INSERT INTO jobs (states, owner, id, state, stage, lease_owner, lease_from, lease_until, request, created_at, fence)
VALUES ('["queued", "searching"]', 'key_aaaaaaaaaaaaaaaaaaaaaa', 'job_aaaaaaaaaaaaaaaaaaaaaa', 'searching', 'searching', 'host-1-a', '2026-01-02 03:04:05.000000', '2026-01-02 03:04:35.000000',
'{"name": "old", "teacher": {"id": "tch_aaaaaaaaaaaaaaaaaaaaaa"},
 "dataset": {"id": "dst_aaaaaaaaaaaaaaaaaaaaaa"}, "objective": {"kind": "accuracy"},
 "constraints": {}, "training": {}, "search": {"strategy": "random", "seed": 7}}',
'2026-01-02 03:04:05.000000', 3);
INSERT INTO job_teachers (job_id, params, macs, bytes, accuracy, weights_key, architecture_key,
  splits_key, precision, preprocessing, latency_ms)
VALUES ('job_aaaaaaaaaaaaaaaaaaaaaa', 1000, 2000, 4000, 0.9, 'w', 'a', 's', '{}', '{}', 2.5);
INSERT INTO trials (job_id, number, state, hash, edits, params, macs, bytes, seed, attempts,
  accuracy, score, created_at, latency_ms, recipe_hash, reused_job, reused_trial,
  curve, criterion, lost_attempts)
VALUES ('job_aaaaaaaaaaaaaaaaaaaaaa', 0, 'completed', 'h', '{}', 100, 200, 400, 1, 0, 0.8, 0.7,
  '2026-01-02 03:04:05.000000', 1.5, 'r', 'job_cccccccccccccccccccccc', 5,
  '[0.5, 0.8]', 'l1', '[{"number": 1, "loss": "died", "detail": "signal 9"}]');
INSERT INTO students (owner, id, job_id, trial_number, final, best, accuracy, score, params, macs, bytes,
  created_at, latency_ms)
VALUES ('key_aaaaaaaaaaaaaaaaaaaaaa', 'std_bbbbbbbbbbbbbbbbbbbbbb', 'job_aaaaaaaaaaaaaaaaaaaaaa', 0, FALSE, TRUE, 0.8, 0.7, 100, 200,
  400, '2026-01-02 03:04:05.000000', 1.25);
INSERT INTO student_files (student_id, name, key, bytes, sha256)
VALUES ('std_bbbbbbbbbbbbbbbbbbbbbb', 'student.pt2', 'k', 3, 'f');
INSERT INTO datasets (owner, id, name, key, sha256, bytes, summary, created_at)
VALUES ('key_aaaaaaaaaaaaaaaaaaaaaa', 'dst_aaaaaaaaaaaaaaaaaaaaaa', 'images', 'd', 'f', 3, '{}', '2026-01-02 03:04:05.000000');
INSERT INTO embeddings (owner, id, job_id, key, sha256, bytes, teacher, dataset, trials, kernels, summary,
  created_at)
VALUES ('key_aaaaaaaaaaaaaaaaaaaaaa', 'emb_aaaaaaaaaaaaaaaaaaaaaa', 'job_aaaaaaaaaaaaaaaaaaaaaa', 'e', 'f', 3, 't', 'd', 1, 1, '{}',
  '2026-01-02 03:04:05.000000');
INSERT INTO teachers (owner, id, name, state, kind, files, created_at, attempts, fence)
VALUES ('key_aaaaaaaaaaaaaaaaaaaaaa', 'tch_aaaaaaaaaaaaaaaaaaaaaa', 'mine', 'ready', 'onnx', '{}', '2026-01-02 03:04:05.000000', 1, 1);
INSERT INTO estimates (owner, id, state, request, created_at, attempts, fence)
VALUES ('key_aaaaaaaaaaaaaaaaaaaaaa', 'est_aaaaaaaaaaaaaaaaaaaaaa', 'queued', '{}', '2026-01-02 03:04:05.000000', 0, 0);
INSERT INTO api_keys (id, name, sha256, scopes, created_at)
VALUES ('key_aaaaaaaaaaaaaaaaaaaaaa', 'mine', 'f', '["read"]', '2026-01-02 03:04:05.000000');
INSERT INTO idempotent_requests (owner, key, fingerprint, claim, claimed_until, created_at, answer)
VALUES ('key_aaaaaaaaaaaaaaaaaaaaaa', 'k', 'f', 'c', '2026-01-02 03:04:05.000000', '2026-01-02 03:04:05.000000', '{}');
INSERT INTO job_surrogates (job_id, outlook, updated_at)
VALUES ('job_aaaaaaaaaaaaaaaaaaaaaa', '{"trials": 1}', '2026-01-02 03:04:05.000000');

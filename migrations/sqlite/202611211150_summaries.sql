-- What the page of one municipality or association needs, without a walk through all its records; lists by month.

DROP INDEX record_fact_by_year;
DROP INDEX record_fact_by_date;
DROP INDEX record_fact_by_dispatch;
DROP INDEX record_fact_planned;
CREATE INDEX record_fact_by_municipality ON record_fact (tenant, fiscal_year, municipality, month DESC, date DESC);
CREATE INDEX record_fact_by_month ON record_fact (tenant, fiscal_year, month DESC, date DESC);
CREATE INDEX record_fact_by_dispatch ON record_fact (tenant, fiscal_year, month DESC, date DESC) WHERE is_dispatch = 1;
CREATE INDEX record_fact_by_credit ON record_fact
  (tenant, fiscal_year, COALESCE(dispatched_by, association), month DESC, date DESC, activity);
CREATE INDEX record_fact_planned ON record_fact
  (tenant, fiscal_year, month DESC, date DESC, kind, municipality, COALESCE(dispatched_by, association))
  WHERE state IN ('none', 'requested', 'offered', 'confirmed');
CREATE INDEX record_fact_screened ON record_fact
  (tenant, fiscal_year, municipality, COALESCE(dispatched_by, association), occasion, state, viewers)
  WHERE (viewers IS NOT NULL OR medium IS NOT NULL OR activity = 'screening');
CREATE INDEX record_fact_sample ON record_fact (tenant, fiscal_year) WHERE SUBSTR(title, 1, 2) = '見本';
CREATE INDEX rollup_by_municipality ON rollup (tenant, municipality, fiscal_year);
CREATE INDEX rollup_by_association ON rollup (tenant, association, fiscal_year);

-- a material for whatever eligibility, consultations of any way: each record once
INSERT INTO rollup (tenant, fiscal_year, month, municipality, association, measure, reported, unreported, total)
  SELECT r.tenant, COALESCE(r.fiscal_year, 0), '', COALESCE(r.municipality, ''),
    COALESCE(r.dispatched_by, r.association, ''), t.measure, COUNT(t.value), COUNT(*) - COUNT(t.value),
    COALESCE(SUM(t.value), 0)
  FROM record_fact r
  JOIN (
    SELECT tenant, document, SUM(value) AS value, CASE
      WHEN measure LIKE 'consultation.%' THEN 'together.consultation'
      ELSE 'together.material.' || SUBSTR(measure, 10, INSTR(SUBSTR(measure, 10), '.') - 1) END AS measure
    FROM tally_fact WHERE measure LIKE 'consultation.%' OR measure LIKE 'material.%.%' GROUP BY 1, 2, 4
  ) t ON t.tenant = r.tenant AND t.document = r.document
  GROUP BY 1, 2, 4, 5, 6;

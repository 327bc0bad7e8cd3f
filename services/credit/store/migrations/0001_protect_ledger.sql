CREATE FUNCTION "credit"."refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of credit.% are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER "transfer_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "credit"."transfer"
  FOR EACH STATEMENT EXECUTE FUNCTION "credit"."refuse_change"();
--> statement-breakpoint
CREATE TRIGGER "posting_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "credit"."posting"
  FOR EACH STATEMENT EXECUTE FUNCTION "credit"."refuse_change"();
--> statement-breakpoint
CREATE FUNCTION "credit"."check_transfer"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  checked bigint;
BEGIN
  IF TG_TABLE_NAME = 'transfer' THEN
    checked := NEW.sequence;
  ELSE
    checked := NEW.transfer_sequence;
  END IF;
  IF NOT EXISTS (
    SELECT FROM "credit"."transfer" t
      JOIN "credit"."posting" p ON p.transfer_sequence = t.sequence
      JOIN "credit"."account" a ON a.account_id = p.account_id AND a.organization_id = t.organization_id
    WHERE t.sequence = checked
    GROUP BY t.sequence
    HAVING count(*) = 2 AND sum(p.amount_micros) = 0 AND max(p.amount_micros) = t.amount_micros
      AND count(*) = (SELECT count(*) FROM "credit"."posting" WHERE transfer_sequence = checked)
  ) THEN
    RAISE EXCEPTION 'transfer % does not balance', checked USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "transfer_balances" AFTER INSERT ON "credit"."transfer"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "credit"."check_transfer"();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "posting_balances" AFTER INSERT ON "credit"."posting"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "credit"."check_transfer"();

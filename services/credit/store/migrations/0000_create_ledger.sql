CREATE SCHEMA "credit";
--> statement-breakpoint
CREATE TABLE "credit"."account" (
	"account_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"kind" text NOT NULL,
	"grant_id" text,
	"balance_micros" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "account_balance_side" CHECK (CASE WHEN "credit"."account"."kind" IN ('issued', 'debt', 'writeoff') THEN "credit"."account"."balance_micros" <= 0
          WHEN "credit"."account"."kind" IN ('available', 'held', 'consumed', 'breakage') THEN "credit"."account"."balance_micros" >= 0
          ELSE false END),
	CONSTRAINT "account_of_grant" CHECK (("credit"."account"."kind" IN ('available', 'held')) = ("credit"."account"."grant_id" IS NOT NULL))
);
--> statement-breakpoint
CREATE TABLE "credit"."grant" (
	"grant_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"idempotency_key" text NOT NULL,
	"source" text NOT NULL,
	"priority" integer NOT NULL,
	"amount_micros" bigint NOT NULL,
	"create_time" timestamp (3) with time zone NOT NULL,
	"expire_time" timestamp (3) with time zone,
	"sweep_time" timestamp (3) with time zone,
	CONSTRAINT "grant_idempotency_key_unique" UNIQUE("idempotency_key"),
	CONSTRAINT "grant_amount_positive" CHECK ("credit"."grant"."amount_micros" > 0),
	CONSTRAINT "grant_expires_later" CHECK ("credit"."grant"."expire_time" > "credit"."grant"."create_time")
);
--> statement-breakpoint
CREATE TABLE "credit"."organization" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"plan" text NOT NULL,
	"create_time" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "credit"."posting" (
	"transfer_sequence" bigint NOT NULL,
	"account_id" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	CONSTRAINT "posting_transfer_sequence_account_id_pk" PRIMARY KEY("transfer_sequence","account_id")
);
--> statement-breakpoint
CREATE TABLE "credit"."transfer" (
	"sequence" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "credit"."transfer_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"transfer_id" text NOT NULL,
	"organization_id" text NOT NULL,
	"purpose" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"description" text NOT NULL,
	"create_time" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "transfer_transfer_id_unique" UNIQUE("transfer_id"),
	CONSTRAINT "transfer_amount_positive" CHECK ("credit"."transfer"."amount_micros" > 0),
	CONSTRAINT "transfer_purpose_known" CHECK ("credit"."transfer"."purpose" IN ('grant', 'expiry'))
);
--> statement-breakpoint
ALTER TABLE "credit"."account" ADD CONSTRAINT "account_organization_id_organization_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "credit"."organization"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit"."account" ADD CONSTRAINT "account_grant_id_grant_grant_id_fk" FOREIGN KEY ("grant_id") REFERENCES "credit"."grant"("grant_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit"."grant" ADD CONSTRAINT "grant_organization_id_organization_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "credit"."organization"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit"."posting" ADD CONSTRAINT "posting_account_id_account_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "credit"."account"("account_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit"."posting" ADD CONSTRAINT "posting_transfer_sequence_transfer_sequence_fk" FOREIGN KEY ("transfer_sequence") REFERENCES "credit"."transfer"("sequence") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit"."transfer" ADD CONSTRAINT "transfer_organization_id_organization_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "credit"."organization"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "account_by_organization" ON "credit"."account" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "account_by_grant" ON "credit"."account" USING btree ("grant_id");--> statement-breakpoint
CREATE INDEX "grant_by_organization" ON "credit"."grant" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "grant_to_sweep" ON "credit"."grant" USING btree ("expire_time") WHERE "credit"."grant"."sweep_time" IS NULL;--> statement-breakpoint
CREATE INDEX "posting_by_account" ON "credit"."posting" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "transfer_by_organization" ON "credit"."transfer" USING btree ("organization_id","sequence");
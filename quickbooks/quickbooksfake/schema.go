package quickbooksfake

import "strings"

// knownProperties are the properties that each class of the vendor's schema has (Finance.xsd of 2026-07)
// beside the ones that are modelled here: they may be sent and are kept. +X includes the list of X.
const knownProperties = `
Entity CustomField AttachableRef status
Txn +Entity DocNumber TxnDate TxnSubType DepartmentRef CurrencyRef ExchangeRate PrivateNote TxnStatus LinkedTxn Line TxnTaxDetail TxnSource
	TaxFormType TaxFormNum TransactionLocationType Tag TxnApprovalInfo RecurDataRef RecurringInfo ProjectRef TotalCostAmount HomeTotalCostAmount
SaleTxn +Txn AutoDocNumber ShipFromAddr RemitToRef ClassRef SalesTermRef DueDate SalesRepRef PONumber FOB ShipMethodRef ShipDate TrackingNum
	ShippingTaxIncludedInTotalTax TemplateRef BillEmailCc BillEmailBcc ARAccountRef FinanceCharge PaymentMethodRef PaymentRefNum PaymentType
	CheckPayment CreditCardPayment DepositToAccountRef DeliveryInfo DiscountRate DiscountAmt GovtTxnRefIdentifier TaxExemptionRef
Invoice +SaleTxn Deposit AllowOnlinePayPalPayment AllowOnlineAffirmPayment EInvoiceStatus ECloudStatusTimeStamp CfdiUse Exportation GlobalInfo
	invoiceStatus callToAction invoiceStatusLog InvoiceEx LessCIS InvoiceLink PaymentDetailsMessage ConvenienceFeeDetail EnabledSurchargeInfo
	InvoiceLinkSecurityCode InvoiceLinkExpiryDate AutoPayEligible SchedulePayEligible ScheduledPaymentId GratuityEnabled FinancingProductType
	SubscriptionPaymentsSetting TxnRetainageDetail
CreditMemo +SaleTxn InvoiceRef CreditMemoEx
RefundReceipt +SaleTxn RemainingCredit RefundReceiptEx
Payment +Txn RemitToRef ARAccountRef PaymentType CheckPayment CreditCardPayment PaymentExtendedType PaymentEx
Party +Entity IntuitId Organization FullyQualifiedName UserId V4IDPseudonym OtherContactInfo DefaultTaxCodeRef
Customer +Party OtherAddr ContactName AltContactName RootCustomerRef CustomerTypeRef SalesRepRef TaxGroupCodeRef TaxRateRef CCDetail
	PriceLevelRef OpenBalanceDate CreditLimit AcctNum OverDueBalance TotalRevenue TotalExpense ResaleNum JobInfo TDSEnabled CustomerEx
	SecondaryTaxIdentifier ARAccountRef PrimaryTaxIdentifier TaxExemptionReasonId BusinessNumber GSTIN GSTRegistrationType IsCISContractor
	ClientCompanyId ClientEntityId Source TaxRegime
Vendor +Party ContactName AltContactName Notes ShipAddr OtherAddr TaxCountry TaxIdentifier TaxIdEffectiveDate BusinessNumber ParentRef
	VendorTypeRef TermRef PrefillAccountRef BillRate OpenBalanceDate CreditLimit T4AEligible T5018Eligible TDSEnabled TDSEntityTypeId
	TDSSectionTypeId TDSOverrideThreshold TaxReportingBasis APAccountRef VendorEx GSTIN GSTRegistrationType IsSubContractor SubcontractorType
	CISRate HasTPAR VendorPaymentBankDetail Source CostRate CompanyRegistrationNumber
Employee +Party EmployeeType EmployeeNumber SSN OtherAddr BillRate Gender ReleasedDate UseTimeEntry EmployeeEx CostRate Notes
Account +Entity AccountAlias TxnLocationType AccountPurposes AcctNumExtn BankNum OpeningBalance OpeningBalanceDate TaxAccount TaxCodeRef
	OnlineBankingEnabled FIName JournalCodeRef AccountEx
Item +Entity Level SalesTaxIncluded PercentBased RatePercent PaymentMethodRef UOMSetRef PurchaseTaxIncluded COGSAccountRef PrefVendorRef AvgCost
	QtyOnPurchaseOrder QtyOnSalesOrder ReorderPoint ManPartNum DepositToAccountRef PurchaseTaxCodeRef BuildPoint PrintGroupedItems SpecialItem
	SpecialItemType ItemGroupDetail ItemAssemblyDetail AbatementRate ReverseChargeRate ServiceType ItemCategoryType ItemEx
	TaxClassificationRef UQCDisplayText UQCId ClassRef Source DeferredRevenue CustomExtensions
TaxCode +Entity AdjustmentTaxRateList TaxCodeEx
TaxRate +Entity TaxReturnLineRef EffectiveTaxRate TaxRateEx OriginalTaxRate
Term +Entity DiscountDayOfMonth SalesTermEx
PaymentMethod +Entity PaymentMethodEx
CompanyCurrency +Entity
Line Received PaymentLineDetail TaxLineDetail ItemBasedExpenseLineDetail AccountBasedExpenseLineDetail ReimburseLineDetail
	DepositLineDetail PurchaseOrderItemLineDetail SalesOrderItemLineDetail ItemReceiptLineDetail JournalEntryLineDetail GroupLineDetail
	TDSLineDetail ItemAdjustmentLineDetail CustomField ProjectRef CostAmount HomeCostAmount
SalesItemLineDetail ClassRef UnitCostPrice RatePercent PriceLevelRef MarkupInfo UOMRef InventorySiteRef TaxClassificationRef DiscountRate
	DiscountAmt DeferredRevenue RetainageAmount SalesItemLineDetailEx
DiscountLineDetail DiscountRef ServiceDate ClassRef TaxCodeRef DiscountLineDetailEx
TxnTaxDetail DefaultTaxCodeRef TaxReviewStatus UseAutomatedSalesTax
TaxLineDetail TaxInclusiveAmount OverrideDeltaAmount ServiceDate TaxLineDetailEx
Address CountryCode County PostalCodeSuffix Lat Long Tag Note
Phone Id DeviceType CountryCode AreaCode ExchangeCode Extension Default Tag
Email Id Default Tag
Web Id Default Tag
DeliveryInfo DeliveryErrorType
CustomField BooleanValue DateValue NumberValue`

// moneyElsewhere are known properties that would move money and that the fake does not compute.
const moneyElsewhere = " Deposit DiscountRate DiscountAmt FinanceCharge RetainageAmount LessCIS ConvenienceFeeDetail "

type properties map[string]map[string]bool

func parseProperties() properties {
	all := properties{}
	var current map[string]bool
	for line := range strings.SplitSeq(strings.TrimSpace(knownProperties), "\n") {
		words := strings.Fields(line)
		if !strings.HasPrefix(line, "\t") {
			current = map[string]bool{}
			all[words[0]] = current
			words = words[1:]
		}
		for _, w := range words {
			if of, ok := strings.CutPrefix(w, "+"); ok {
				for name := range all[of] {
					current[name] = true
				}
				continue
			}
			current[w] = true
		}
	}
	return all
}

// className is the vendor's Java class of a type, as its faults name it.
func className(goName string) string {
	vendor := map[string]string{
		"Address": "PhysicalAddress", "Phone": "TelephoneNumber", "Email": "EmailAddress", "Web": "WebSiteAddress", "Ref": "ReferenceType",
		"Memo": "MemoRef", "DeliveryInfo": "TransactionDeliveryInfo", "MetaData": "ModificationMetaData",
	}
	return "com.intuit.schema.finance.v3." + first(vendor[goName], goName)
}
